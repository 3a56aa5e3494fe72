"""The exceptions of the caches, and which WIT error maps to which.

::

    CacheError
      ├ InvalidKey (ValueError)               refused before the host is called
      ├ InvalidCacheOption (ValueError)       refused before the host is called
      ├ NoObligation                          storing through an entry without the obligation
      ├ NotCacheable (TypeError)              a value or argument that @cached cannot store
      └ CacheCallFailed (HostError)           the host refused a call
          └ CacheUnsupported (Unsupported)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors


class CacheError(FastlyComputeError):
    """Base class of this package's exceptions.

    `HostUnavailable` and `HandleClosed` belong to `fastly_compute.core`, and the errors of reading
    and writing bodies to `fastly_compute.http`: they do not derive from this class.

    Example:
        >>> from fastly_compute import cache
        >>> try:
        ...     cache.get("x" * 5000)
        ... except cache.CacheError as error:
        ...     print(type(error).__name__)
        InvalidKey
    """


class InvalidKey(CacheError, ValueError):
    """A key is invalid; the host was not called."""


class InvalidCacheOption(CacheError, ValueError):
    """An option is invalid; the host was not called.

    Attributes:
        option: The option's name.
    """

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(option, rule)
        self.option = option

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


class NoObligation(CacheError):
    """An object was to be stored through an entry that has no obligation."""


class NotCacheable(CacheError, TypeError):
    """A `cached` function returned a value that cannot be stored, or got an unsuitable argument."""


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
