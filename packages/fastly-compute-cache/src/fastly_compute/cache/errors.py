"""What goes wrong with the caches, and which WIT error is which exception.

::

    CacheError
      ├ InvalidKey (ValueError)               refused here, before the host is called
      ├ InvalidCacheOption (ValueError)       likewise
      ├ NoObligation                          an entry that is not to be inserted or updated
      ├ NotCacheable (TypeError)              @cached met a value that it cannot keep
      └ CacheCallFailed (HostError)           the host refused a call
          └ CacheUnsupported (Unsupported)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class CacheError(FastlyComputeError):
    """Anything that goes wrong in this package derives from this.

    Not so `HostUnavailable` and `HandleClosed`, which are `fastly_compute.core`'s, and what
    reading and writing bodies raises, which is `fastly_compute.http`'s.

    Example:
        >>> from fastly_compute import cache
        >>> try:
        ...     cache.get("x" * 5000)
        ... except cache.CacheError as error:
        ...     print(type(error).__name__)
        InvalidKey
    """


class InvalidKey(CacheError, ValueError):
    """A key is not one that the cache can have; the host was not asked."""


class InvalidCacheOption(CacheError, ValueError):
    """An option breaks its rule; the host was not asked.

    Attributes:
        option: The option's name.
    """

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(option, rule)
        self.option = option

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


class NoObligation(CacheError):
    """Something is to be stored through an entry that is not to be inserted or updated."""


class NotCacheable(CacheError, TypeError):
    """A function under `cached` returned a value, or got an argument, that cannot be kept."""


class CacheCallFailed(CacheError, HostError):
    """The host refused a call."""


class CacheUnsupported(CacheCallFailed, Unsupported):
    """This host does not offer the function."""

    explanation: ClassVar[str] = "this host does not offer it"


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, CacheCallFailed),
    "unsupported": CacheUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""


def cache_error(value: object, operation: str) -> HostError:
    """Make this package's exception for a WIT error.

    Args:
        value: What ``bindings.Err`` carried.
        operation: What was tried, as the WIT names it.

    Returns:
        The exception.
    """
    return host_error(value, operation, classes=CLASSES)
