"""The options for storing an object."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from fastly_compute.cache.errors import InvalidCacheOption
from fastly_compute.cache.keys import surrogate_keys
from fastly_compute.core import Duration
from fastly_compute.http import Headers, InvalidHeader

_MICROSECOND = timedelta(microseconds=1)
_LIMIT = 1 << 64


def nanoseconds(value: Duration, *, option: str) -> int:
    """Convert a duration to nanoseconds, as the WIT expects.

    Raises:
        TypeError: It is not a duration.
        InvalidCacheOption: It is negative, not finite, or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
        kind = type(value).__name__
        raise TypeError(f"{option} must be a timedelta or a number of seconds, not {kind}")
    try:
        exact = value if isinstance(value, timedelta) else timedelta(seconds=value)
    except (OverflowError, ValueError) as error:
        raise InvalidCacheOption(option, f"{value!r} is not a duration") from error
    result = exact // _MICROSECOND * 1000
    if not 0 <= result < _LIMIT:
        raise InvalidCacheOption(option, f"must be at least 0 and less than 2^64 ns, not {value!r}")
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How to store an object (``write-options`` in the WIT).

    Durations are a `datetime.timedelta` or a number of seconds, 0 or more, with a resolution of a
    microsecond.

    Attributes:
        max_age: How long the object is fresh, counted from an age of zero.
        initial_age: The age it has already.
        stale_while_revalidate: How much longer it may be used while stale; meanwhile one lookup at
            a time gets the obligation to replace it.
        vary: The names of the request headers that the object depends on. A lookup finds it only if
            its own *headers* have the same values.
        surrogate_keys: Keys to purge it by: a str with spaces between keys, or a sequence. Each has
            1 to 1024 visible ASCII characters, all together up to 16 KiB.
        length: Its size in bytes, if known before it is written.
        user_metadata: Bytes to store with it. Never shown in a repr.
        edge_max_age: How long it is fresh at the edge, if that is less than *max_age*.
        sensitive_data: Whether it may only be stored as the PCI and HIPAA rules allow.

    Raises:
        TypeError: A value has the wrong type.
        InvalidCacheOption: A value is invalid.

    Example:
        >>> from fastly_compute.cache import WriteOptions
        >>> WriteOptions(max_age=60, vary=["accept-language"], surrogate_keys="home news").max_age
        60
    """

    max_age: Duration
    initial_age: Duration | None = None
    stale_while_revalidate: Duration | None = None
    vary: Sequence[str] = ()
    surrogate_keys: str | Sequence[str] | None = None
    length: int | None = None
    user_metadata: bytes | None = field(default=None, repr=False)
    edge_max_age: Duration | None = None
    sensitive_data: bool = False

    def __post_init__(self) -> None:
        longest = nanoseconds(self.max_age, option="max_age")
        for option in ("initial_age", "stale_while_revalidate", "edge_max_age"):
            value = getattr(self, option)
            if value is not None:
                nanoseconds(value, option=option)
        if self.edge_max_age is not None and _ns(self.edge_max_age) > longest:
            raise InvalidCacheOption("edge_max_age", "must not be more than max_age")
        if isinstance(self.vary, str):
            raise TypeError("vary must be a sequence of header names, not a str")
        for name in self.vary:
            try:
                Headers([(name, "")])
            except InvalidHeader as error:
                raise InvalidCacheOption("vary", f"{name!r} is not a header name") from error
        surrogate_keys(self.surrogate_keys, option="surrogate_keys")
        length = self.length
        if length is not None and (isinstance(length, bool) or not isinstance(length, int)):
            raise TypeError(f"length must be an int or None, not {length!r}")
        if length is not None and not 0 <= length < _LIMIT:
            raise InvalidCacheOption(
                "length", f"must be at least 0 and less than 2^64, not {length}"
            )
        if self.user_metadata is not None and not isinstance(self.user_metadata, bytes):
            kind = type(self.user_metadata).__name__
            raise TypeError(f"user_metadata must be bytes or None, not {kind}")
        if not isinstance(self.sensitive_data, bool):
            raise TypeError(f"sensitive_data must be True or False, not {self.sensitive_data!r}")


def _ns(value: Duration) -> int:
    return nanoseconds(value, option="duration")
