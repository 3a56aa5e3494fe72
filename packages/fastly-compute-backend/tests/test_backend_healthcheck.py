from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.backend import BackendOptionTypeError, HealthCheck, InvalidBackendOption
from fastly_compute.backend.healthcheck import setters_of


def check(**options):
    return HealthCheck(**{"host": "origin.example", **options})


def test_only_the_host_of_a_health_check_is_required():
    assert setters_of(check()) == []
    with pytest.raises(TypeError, match="host"):
        HealthCheck()


def test_each_option_reaches_its_setter_in_the_units_of_the_wit():
    full = check(
        method="HEAD",
        path="/up?deep=1",
        expected_status=204,
        window=10,
        threshold=6,
        initial=5,
        interval=30,
        timeout=timedelta(milliseconds=1500),
    )

    assert setters_of(full) == [
        ("method", "HEAD"),
        ("path", "/up?deep=1"),
        ("expected_status", 204),
        ("window", 10),
        ("threshold", 6),
        ("initial", 5),
        ("interval_ms", 30_000),
        ("timeout_ms", 1500),
    ]


@given(
    st.integers(0, 15) | st.none(), st.integers(0, 20) | st.none(), st.integers(0, 20) | st.none()
)
def test_the_window_is_set_in_an_order_that_the_host_accepts(window, threshold, initial):
    try:
        setters = setters_of(check(window=window, threshold=threshold, initial=initial))
    except InvalidBackendOption:
        wide = 5 if window is None else window
        assert (3 if threshold is None else threshold) > wide or (
            4 if initial is None else initial
        ) > wide
        return

    now: dict[str, object] = {"window": 5, "threshold": 3, "initial": 4}
    for setter, value in setters:
        now[setter] = value
        assert now["threshold"] <= now["window"] <= 15
        assert now["initial"] <= now["window"]
    for field, given_ in (("window", window), ("threshold", threshold), ("initial", initial)):
        assert given_ is None or now[field] == given_


def test_a_small_window_needs_explicit_values():
    with pytest.raises(InvalidBackendOption) as caught:
        check(window=3)
    assert str(caught.value) == (
        "healthcheck.initial must be at most the window of 3, not 4 (its default)"
    )
    assert setters_of(check(window=3, initial=1)) == [("initial", 1), ("window", 3)]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "a b"}, "host"),
        ({"host": "a\r\nX: y"}, "host"),
        ({"host": "x" * 8192}, "host"),
        ({"host": "x" * 4096, "path": "/" * 4097}, "host"),
        ({"method": ""}, "method"),
        ({"method": "GET /"}, "method"),
        ({"method": "X" * 8193}, "method"),
        ({"path": ""}, "path"),
        ({"path": "up"}, "path"),
        ({"path": "/ä"}, "path"),
        ({"path": "/a b"}, "path"),
        ({"path": "/a<b>"}, "path"),
        ({"host": "a.example/up"}, "host"),
        ({"path": "/a#b"}, "path"),
        ({"expected_status": 99}, "expected_status"),
        ({"expected_status": 600}, "expected_status"),
        ({"window": 16}, "window"),
        ({"window": -1}, "window"),
        ({"threshold": 6}, "threshold"),
        ({"threshold": -1}, "threshold"),
        ({"initial": 6}, "initial"),
        ({"interval": 0.999}, "interval"),
        ({"interval": 3600}, "interval"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": timedelta(hours=2)}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(options, field):
    with pytest.raises(InvalidBackendOption, match=rf"^healthcheck.{field} must be ") as caught:
        check(**options)
    assert caught.value.field == f"healthcheck.{field}"


@pytest.mark.parametrize(
    "options",
    [
        {"host": None},
        {"method": 1},
        {"path": b"/"},
        {"expected_status": True},
        {"expected_status": "200"},
        {"window": 5.0},
        {"threshold": "3"},
        {"initial": False},
        {"interval": "15"},
        {"timeout": True},
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(options):
    with pytest.raises(
        BackendOptionTypeError, match=rf"^healthcheck.{next(iter(options))} must be "
    ):
        check(**options)


def test_times_are_stored_as_timedeltas_and_compared_by_value():
    assert check(interval=30).interval == timedelta(seconds=30)
    assert check(interval=30) == check(interval=timedelta(seconds=30))
    assert check(timeout=1).timeout == timedelta(seconds=1)
    assert check(timeout=3599.999).timeout == timedelta(milliseconds=3599999)
