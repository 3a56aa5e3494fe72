"""Convert durations between Python and the WIT."""

import math
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = timedelta | float
"""A `datetime.timedelta`, or a number of seconds."""

_LIMIT = 2**32


def seconds_of(value: Duration, *, field: str) -> float:
    """Return a duration in seconds, of any size.

    Args:
        value: The duration.
        field: The name of the caller's option, for the error.

    Raises:
        TypeError: It is not a duration.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"{field} must be a timedelta or a number of seconds, not {type(value).__name__}"
        )
    return value


def _check(seconds: float, value: Duration, field: str) -> None:
    # Unlike math.isfinite, a comparison accepts an int of any size.
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{field} must be finite and at least 0, not {value!r}")


def milliseconds(value: Duration, *, field: str) -> int:
    """Convert a duration to milliseconds, as the WIT expects in a ``u32``.

    Fractions of a millisecond, down to a microsecond, are rounded up, and so is any duration above
    0: a short timeout never becomes 0, which means no timeout.

    Args:
        value: The duration: at least 0 and less than 2^32 ms (49.7 days).
        field: The name of the caller's option, for the error.

    Returns:
        Whole milliseconds.

    Raises:
        TypeError: It is not a duration.
        ValueError: It is negative, not finite, or too large.
    """
    seconds = seconds_of(value, field=field)
    _check(seconds, value, field)
    # A float in seconds is rarely exact: 1.001 s times 1000 is 1000.9999999999999.
    result = math.ceil(round(min(seconds, _LIMIT) * 1000, 3)) or math.ceil(seconds)
    if result >= _LIMIT:
        raise ValueError(f"{field} must be less than 2^32 ms (49.7 days), not {value!r}")
    return result


def whole_seconds(value: Duration, *, field: str) -> int:
    """Convert a duration to seconds, as the WIT expects in a ``u32``.

    Args:
        value: The duration: a whole number of seconds, at least 0 and less than 2^32.
        field: The name of the caller's option, for the error.

    Returns:
        Whole seconds.

    Raises:
        TypeError: It is not a duration.
        ValueError: It is negative, not finite, not whole, or too large.
    """
    seconds = seconds_of(value, field=field)
    _check(seconds, value, field)
    if seconds != int(seconds):
        raise ValueError(f"{field} must be a whole number of seconds, not {value!r}")
    if seconds >= _LIMIT:
        raise ValueError(f"{field} must be less than 2^32 s, not {value!r}")
    return int(seconds)


def nanoseconds(value: Duration, *, field: str) -> int:
    """Convert a duration to nanoseconds, as the WIT expects in a ``u64``.

    Args:
        value: The duration: at least 0 and less than 2^32 s, rounded to a microsecond.
        field: The name of the caller's option, for the error.

    Returns:
        Whole nanoseconds.

    Raises:
        TypeError: It is not a duration.
        ValueError: It is negative, not finite, or too large.
    """
    seconds = seconds_of(value, field=field)
    _check(seconds, value, field)
    if seconds >= _LIMIT:
        raise ValueError(f"{field} must be less than 2^32 s, not {value!r}")
    return round(seconds * 1_000_000) * 1000


def timedelta_of(*, milliseconds: int = 0, seconds: int = 0, nanoseconds: int = 0) -> timedelta:
    """Convert a duration that the host returned.

    Args:
        milliseconds: Whole milliseconds.
        seconds: Whole seconds.
        nanoseconds: Whole nanoseconds, rounded down to a microsecond.

    Returns:
        Their sum.
    """
    microseconds = nanoseconds // 1000
    return timedelta(milliseconds=milliseconds, seconds=seconds, microseconds=microseconds)
