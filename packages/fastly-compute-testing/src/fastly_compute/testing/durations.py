"""Durations as a test gives them."""

from datetime import timedelta

from fastly_compute.core import Duration as Duration
from fastly_compute.core.durations import seconds_of

_LONGEST = timedelta(days=365)


def timedelta_of(value: Duration, *, field: str) -> timedelta:
    """Convert a duration.

    Args:
        value: The duration, from 0 to a year.
        field: What the user calls it, for the error.

    Raises:
        TypeError: It is not a duration.
        ValueError: It is negative, not finite or longer than a year.
    """
    seconds = seconds_of(value, field=field)
    if not 0 <= seconds <= _LONGEST.total_seconds():
        raise ValueError(f"{field} = {value!r}: must be 0 or more seconds, and at most a year")
    return timedelta(seconds=seconds)
