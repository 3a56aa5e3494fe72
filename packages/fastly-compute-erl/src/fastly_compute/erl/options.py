"""What counters and boxes accept; the limits are those of Fastly's documentation.

See https://www.fastly.com/documentation/reference/vcl/functions/rate-limiting/.
"""

from datetime import timedelta
from typing import Literal, TypeAlias, get_args

from fastly_compute.core.texts import utf8_size
from fastly_compute.erl.errors import InvalidErlOption

RateWindow: TypeAlias = Literal[1, 10, 60]
"""The seconds over which a rate is estimated."""

CountDuration: TypeAlias = Literal[10, 20, 30, 40, 50, 60]
"""The seconds over which a count is estimated."""

LONGEST_NAME = 1024
LONGEST_ENTRY = 256
MOST_INCREMENT = 1_000
MOST_CHECKED = 100_000
_LIMITS = (10, 70_000_000)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def checked_text(value: str, option: str, longest: int) -> str:
    """Validate a name or an entry, whose text an error does not show."""
    try:
        size = utf8_size(value, field=option)
    except ValueError:
        raise InvalidErlOption(option, "a text with a lone surrogate", "valid Unicode") from None
    if not 1 <= size <= longest:
        raise InvalidErlOption(option, f"{size} bytes", f"1 to {longest}")
    return value


def checked_number(value: int, option: str, least: int, most: int) -> int:
    """Validate a number."""
    _integer(value, option)
    if not least <= value <= most:
        raise InvalidErlOption(option, f"{value!r:.100}", f"{least} to {most}")
    return value


def checked_limit(value: int) -> int:
    """Validate a limit of events per second."""
    return checked_number(value, "limit", *_LIMITS)


def checked_window(value: RateWindow) -> int:
    """Validate the seconds of a rate."""
    return _one_of(value, "window", get_args(RateWindow))


def checked_duration(value: CountDuration) -> int:
    """Validate the seconds of a count."""
    return _one_of(value, "duration", get_args(CountDuration))


def whole_minutes(value: timedelta) -> int:
    """Validate a time in a penalty box, and return its seconds."""
    if not isinstance(value, timedelta):
        raise TypeError(f"ttl must be a timedelta, not {type(value).__name__}")
    if not _MINUTE <= value <= _HOUR or value % _MINUTE:
        rule = "whole minutes, from 1 minute to 1 hour"
        raise InvalidErlOption("ttl", str(value), rule)
    return value // timedelta(seconds=1)


def _integer(value: int, option: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{option} must be an int, not {type(value).__name__}")


def _one_of(value: int, option: str, known: tuple[int, ...]) -> int:
    _integer(value, option)
    if value not in known:
        *first, last = map(str, known)
        raise InvalidErlOption(option, f"{value!r:.100} s", f"{', '.join(first)} or {last} s")
    return value
