"""Durations as a test gives them."""

import math
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = timedelta | float
"""A `datetime.timedelta`, or a number of seconds."""

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
    if isinstance(value, bool) or not isinstance(value, timedelta | int | float):
        raise TypeError(
            f"{field} must be a timedelta or a number of seconds, not {type(value).__name__}"
        )
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not (math.isfinite(seconds) and 0 <= seconds <= _LONGEST.total_seconds()):
        raise ValueError(f"{field} = {value!r}: must be 0 or more seconds, and at most a year")
    return timedelta(seconds=seconds)
