"""Durations as users give them, converted once, at the edge."""

import math
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = timedelta | float
"""A `datetime.timedelta`, or a number of seconds."""

_LIMIT = 2**32


def _seconds(value: Duration, field: str) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"{field} must be a timedelta or a number of seconds, not {type(value).__name__}"
        )
    return value


def _check(seconds: float, value: Duration, field: str) -> None:
    # Comparing, unlike math.isfinite, takes an int of any size.
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{field} must be finite and at least 0, not {value!r}")


def milliseconds(value: Duration, *, field: str) -> int:
    """Convert a duration to the milliseconds that the WIT takes as ``u32``.

    A part of a millisecond, to the microsecond, counts as a whole one, and so does any duration
    above 0: a short time-out never becomes 0, which means none.

    Args:
        value: The duration, 0 up to but not including 2^32 ms (49.7 days).
        field: What the user called it, for the error.

    Returns:
        Whole milliseconds.

    Raises:
        TypeError: It is no duration.
        ValueError: It is negative, not finite, or does not fit.
    """
    seconds = _seconds(value, field)
    _check(seconds, value, field)
    # A float in seconds is rarely exact: 1.001 s times 1000 is 1000.9999999999999.
    result = math.ceil(round(min(seconds, _LIMIT) * 1000, 3)) or math.ceil(seconds)
    if result >= _LIMIT:
        raise ValueError(f"{field} must be less than 2^32 ms (49.7 days), not {value!r}")
    return result


def whole_seconds(value: Duration, *, field: str) -> int:
    """Convert a duration to the seconds that the WIT takes as ``u32``.

    Args:
        value: The duration: a whole number of seconds, 0 up to but not including 2^32.
        field: What the user called it, for the error.

    Returns:
        Whole seconds.

    Raises:
        TypeError: It is no duration.
        ValueError: It is negative, not finite, not whole, or does not fit.
    """
    seconds = _seconds(value, field)
    _check(seconds, value, field)
    if seconds != int(seconds):
        raise ValueError(f"{field} must be a whole number of seconds, not {value!r}")
    if seconds >= _LIMIT:
        raise ValueError(f"{field} must be less than 2^32 s, not {value!r}")
    return int(seconds)


def timedelta_of(*, milliseconds: int = 0, seconds: int = 0) -> timedelta:
    """Convert what the host answered.

    Args:
        milliseconds: Whole milliseconds.
        seconds: Whole seconds.

    Returns:
        Their sum.
    """
    return timedelta(milliseconds=milliseconds, seconds=seconds)
