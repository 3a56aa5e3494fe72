from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core import milliseconds, nanoseconds, timedelta_of, whole_seconds

NOT_A_DURATION = [None, "1", True, False, b"1", [1], 1j]
OUT_OF_RANGE = [-1, -0.001, timedelta(microseconds=-1), float("nan"), float("inf"), float("-inf")]
TOO_LONG = [2**32, 10**400, 1e306, 1.7e308, timedelta.max]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (0, 0),
        (0.0, 0),
        (-0.0, 0),
        (1, 1000),
        (1.001, 1001),
        (0.0105, 11),
        (0.29, 290),
        (1e-9, 1),
        (5e-324, 1),
        (timedelta(microseconds=1), 1),
        (timedelta(microseconds=1001), 2),
        (timedelta(milliseconds=1500), 1500),
        (4294967.295, 2**32 - 1),
        (timedelta(milliseconds=2**32 - 1), 2**32 - 1),
    ],
)
def test_a_duration_becomes_whole_milliseconds(given_, expected):
    assert milliseconds(given_, field="connect_timeout") == expected


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_every_number_of_milliseconds_survives_the_conversion(number):
    assert milliseconds(number / 1000, field="t") == number
    assert milliseconds(timedelta(milliseconds=number), field="t") == number


@given(st.floats(min_value=0, max_value=4294967, exclude_min=True))
def test_a_positive_duration_never_becomes_zero(seconds):
    result = milliseconds(seconds, field="t")

    assert result >= 1
    assert result >= seconds * 1000 - 0.001


@pytest.mark.parametrize("value", NOT_A_DURATION)
@pytest.mark.parametrize("convert", [milliseconds, whole_seconds, nanoseconds])
def test_a_value_of_another_type_is_a_type_error_that_names_the_field(convert, value):
    with pytest.raises(TypeError, match=r"^keepalive must be a timedelta or a number of seconds"):
        convert(value, field="keepalive")


@pytest.mark.parametrize("value", OUT_OF_RANGE)
@pytest.mark.parametrize("convert", [milliseconds, whole_seconds, nanoseconds])
def test_negative_and_infinite_durations_are_refused(convert, value):
    with pytest.raises(ValueError, match=r"^keepalive must be finite and at least 0, not "):
        convert(value, field="keepalive")


@pytest.mark.parametrize("value", [*TOO_LONG, 4294967.296, timedelta(milliseconds=2**32)])
def test_too_many_milliseconds_are_refused_and_not_wrapped(value):
    with pytest.raises(ValueError, match=r"^t must be less than 2\^32 ms"):
        milliseconds(value, field="t")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(seconds=2**32 - 1)))
def test_every_duration_survives_as_nanoseconds(duration):
    assert timedelta_of(nanoseconds=nanoseconds(duration, field="t")) == duration


@pytest.mark.parametrize(
    ("given_", "expected"), [(0, 0), (0.000001, 1000), (1.5, 1_500_000_000), (1e-9, 0)]
)
def test_a_duration_becomes_nanoseconds_of_whole_microseconds(given_, expected):
    assert nanoseconds(given_, field="t") == expected


@pytest.mark.parametrize("value", TOO_LONG)
def test_too_many_nanoseconds_are_refused(value):
    with pytest.raises(ValueError, match=r"^t must be less than 2\^32 s"):
        nanoseconds(value, field="t")


@pytest.mark.parametrize(
    ("given_", "expected"), [(0, 0), (1, 1), (7.0, 7), (timedelta(minutes=1), 60), (2**32 - 1,) * 2]
)
def test_a_duration_becomes_whole_seconds(given_, expected):
    result = whole_seconds(given_, field="t")

    assert (result, type(result)) == (expected, int)


@pytest.mark.parametrize("value", [0.5, 1.001, 5e-324, timedelta(microseconds=1)])
def test_a_fraction_of_a_second_is_refused_and_not_truncated(value):
    with pytest.raises(ValueError, match=r"^t must be a whole number of seconds, not "):
        whole_seconds(value, field="t")


@pytest.mark.parametrize("value", [2**32, 10**400, 1e300])
def test_too_many_seconds_are_refused_and_not_wrapped(value):
    with pytest.raises(ValueError, match=r"^t must be less than 2\^32 s"):
        whole_seconds(value, field="t")


def test_a_result_of_the_host_becomes_a_timedelta():
    assert timedelta_of(milliseconds=1500) == timedelta(seconds=1.5)
    assert timedelta_of(seconds=7) == timedelta(seconds=7)
