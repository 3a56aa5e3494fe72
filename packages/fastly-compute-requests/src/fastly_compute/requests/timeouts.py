"""Timeouts: those of ``requests``, and the three that the platform has."""

from dataclasses import dataclass
from typing import TypeAlias

from fastly_compute.backend import BackendOptions
from fastly_compute.backend.adapting import timeout_options
from fastly_compute.core import Duration, milliseconds

_Seconds: TypeAlias = Duration | tuple[Duration | None, Duration | None] | None
TimeoutLike: TypeAlias = "_Seconds | TimeoutConfig"
"""What `request` takes as its ``timeout``."""


@dataclass(slots=True)
class TimeoutConfig:
    """The platform's three timeouts, each in seconds, at least 0 and less than 2^32 ms.

    They can be set one by one, and are checked each time.

    Args:
        connect: The time to connect.
        first_byte: The time from the connection to the response's first byte.
        between_bytes: The longest pause within the response's body.

    Raises:
        TypeError: A value is not a duration.
        ValueError: One is negative, not finite, or too long.

    Example:
        >>> from fastly_compute.requests import TimeoutConfig
        >>> TimeoutConfig(connect=2).connect_ms
        2000
    """

    connect: Duration = 30.0
    first_byte: Duration = 60.0
    between_bytes: Duration = 10.0

    def __setattr__(self, name: str, value: Duration) -> None:
        milliseconds(value, field=name)
        object.__setattr__(self, name, value)

    @property
    def connect_ms(self) -> int:
        """The time to connect, in milliseconds."""
        return milliseconds(self.connect, field="connect")

    @property
    def first_byte_ms(self) -> int:
        """The time to the first byte, in milliseconds."""
        return milliseconds(self.first_byte, field="first_byte")

    @property
    def between_bytes_ms(self) -> int:
        """The longest pause, in milliseconds."""
        return milliseconds(self.between_bytes, field="between_bytes")

    @classmethod
    def from_requests_timeout(cls, timeout: _Seconds) -> "TimeoutConfig":
        """Make one of a timeout as ``requests`` takes it.

        Args:
            timeout: Seconds for all three; or a pair, for connecting and for reading, which is
                both of the other two; None, for all or in the pair, is the default.

        Returns:
            The timeouts.

        Raises:
            ValueError: It has another type, or a number is out of range.
        """
        connect, read = _pair(timeout)
        defaults = cls()
        return cls(
            defaults.connect if connect is None else connect,
            defaults.first_byte if read is None else read,
            defaults.between_bytes if read is None else read,
        )


def _pair(timeout: _Seconds) -> tuple[Duration | None, Duration | None]:
    if not isinstance(timeout, tuple):
        timeout = (timeout, timeout)
    if len(timeout) != 2:
        raise ValueError(
            f"timeout must be a number of seconds or a pair (connect, read), not {timeout!r}"
        )
    for seconds in timeout:
        try:
            is_zero = seconds is not None and milliseconds(seconds, field="timeout") == 0
        except TypeError as error:
            raise ValueError(str(error)) from None  # as in requests
        if is_zero:
            raise ValueError("timeout must be greater than 0; None is the default")
    return timeout


def backend_options(timeout: TimeoutLike, fastly_timeout: TimeoutConfig | None) -> BackendOptions:
    """Find the options of the dynamic backend that has these timeouts.

    Args:
        timeout: As ``requests`` takes it; or the platform's three.
        fastly_timeout: The platform's three.

    Returns:
        The options that were given; the others have the backend's defaults.

    Raises:
        ValueError: Both are given, the timeout is of the wrong type, or a number is out of range.
    """
    if timeout is not None and fastly_timeout is not None:
        raise ValueError("Cannot specify both 'timeout' and 'fastly_timeout' parameters")
    if isinstance(timeout, TimeoutConfig):
        fastly_timeout = timeout
    elif fastly_timeout is None:
        return timeout_options(*_pair(timeout))
    return BackendOptions(
        connect_timeout=fastly_timeout.connect,
        first_byte_timeout=fastly_timeout.first_byte,
        between_bytes_timeout=fastly_timeout.between_bytes,
    )
