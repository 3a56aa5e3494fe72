from datetime import timedelta

import pytest

from fastly_compute.requests import TimeoutConfig
from fastly_compute.requests.timeouts import backend_options


def test_the_defaults_are_thirty_sixty_and_ten_seconds():
    timeouts = TimeoutConfig()

    assert (timeouts.connect, timeouts.first_byte, timeouts.between_bytes) == (30.0, 60.0, 10.0)
    assert (timeouts.connect_ms, timeouts.first_byte_ms) == (30_000, 60_000)
    assert timeouts.between_bytes_ms == 10_000
    assert repr(timeouts) == "TimeoutConfig(connect=30.0, first_byte=60.0, between_bytes=10.0)"


def test_they_can_be_given_by_position():
    assert TimeoutConfig(1, 2, 3) == TimeoutConfig(connect=1, first_byte=2, between_bytes=3)


def test_each_can_be_set_and_is_checked_then():
    timeouts = TimeoutConfig()
    timeouts.connect = 2

    assert (timeouts.connect, timeouts.connect_ms) == (2, 2000)
    with pytest.raises(ValueError, match="connect must be"):
        timeouts.connect = -1
    with pytest.raises(AttributeError):
        timeouts.read = 5
    assert timeouts == TimeoutConfig(connect=2)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 2**32 / 1000])
def test_a_number_out_of_range_is_refused_by_name(value):
    with pytest.raises(ValueError, match="first_byte must be"):
        TimeoutConfig(first_byte=value)


@pytest.mark.parametrize("value", [True, "1", None])
def test_what_is_no_duration_is_refused_by_name(value):
    with pytest.raises(TypeError, match="connect must be"):
        TimeoutConfig(connect=value)


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (None, TimeoutConfig()),
        (2, TimeoutConfig(2, 2, 2)),
        (timedelta(seconds=2), TimeoutConfig(*[timedelta(seconds=2)] * 3)),
        ((1, 5), TimeoutConfig(1, 5, 5)),
        ((None, 5), TimeoutConfig(30.0, 5, 5)),
        ((1, None), TimeoutConfig(1, 60.0, 10.0)),
    ],
)
def test_a_timeout_of_requests_becomes_three(timeout, expected):
    assert TimeoutConfig.from_requests_timeout(timeout) == expected


@pytest.mark.parametrize("timeout", [(1,), (1, 2, 3), 0, (0, 1), -1, float("nan")])
def test_a_timeout_that_cannot_be_kept_is_a_value_error(timeout):
    with pytest.raises(ValueError, match="timeout must be"):
        TimeoutConfig.from_requests_timeout(timeout)
    with pytest.raises(ValueError, match="timeout must be"):
        backend_options(timeout, None)


@pytest.mark.parametrize("timeout", ["1", [1, 2], True])
def test_a_timeout_of_another_type_is_a_value_error_as_in_requests(timeout):
    with pytest.raises(ValueError, match="timeout must be"):
        backend_options(timeout, None)


def test_only_what_was_asked_for_is_asked_of_the_backend():
    assert backend_options(None, None) == {}
    assert backend_options((None, 5), None) == {
        "first_byte_timeout": 5,
        "between_bytes_timeout": 5,
    }


def test_a_configuration_may_be_given_under_either_name():
    assert (
        backend_options(None, TimeoutConfig(1, 2, 3))
        == backend_options(TimeoutConfig(1, 2, 3), None)
        == {"connect_timeout": 1, "first_byte_timeout": 2, "between_bytes_timeout": 3}
    )


def test_both_kinds_of_timeout_exclude_each_other():
    with pytest.raises(ValueError, match="both 'timeout' and 'fastly_timeout'"):
        backend_options(1, TimeoutConfig())
    with pytest.raises(ValueError, match="both 'timeout' and 'fastly_timeout'"):
        backend_options(TimeoutConfig(), TimeoutConfig())
