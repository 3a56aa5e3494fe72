"""The exceptions of edge rate limiting, and which WIT error maps to which.

::

    ErlError
      ├ InvalidErlOption (ValueError)         refused before the host is called
      └ ErlCallFailed (HostError)             the host refused a call
          ├ ErlUnsupported (Unsupported)
          └ ErlNameRefused (ValueError)
"""

from collections.abc import Mapping

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors


class ErlError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.erl import ErlError, RateCounter
        >>> try:
        ...     RateCounter.open("")
        ... except ErlError as error:
        ...     print(error)
        invalid name: 0 bytes (must be 1 to 1024)
    """


class InvalidErlOption(ErlError, ValueError):
    """A value is invalid; the host was not called.

    Attributes:
        option: Its name, such as ``window`` or ``ttl``.
        value: The value as text; of names and entries, only their size.
        rule: What it must be.
    """

    def __init__(self, option: str, value: str, rule: str) -> None:
        super().__init__(option, value, rule)
        self.option = option
        self.value = value
        self.rule = rule

    def __str__(self) -> str:
        return f"invalid {self.option}: {self.value} (must be {self.rule})"


class ErlCallFailed(ErlError, HostError):
    """The host refused a call. Its message names the counter or box, never the entry."""


class ErlUnsupported(ErlCallFailed, Unsupported):
    """This host, or this service, has no edge rate limiting."""


class ErlNameRefused(ErlCallFailed, ValueError):
    """The host rejects the name of a counter or box."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, ErlCallFailed),
    "invalid-syntax": ErlNameRefused,
    "name-too-long": ErlNameRefused,
    "reserved": ErlNameRefused,
    "unsupported": ErlUnsupported,
}
"""The exception for each case of the WIT's ``types.error`` and ``types.open-error``."""
