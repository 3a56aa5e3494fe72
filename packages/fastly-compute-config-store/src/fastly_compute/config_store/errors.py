"""The exceptions of config stores, and which WIT error maps to which.

::

    ConfigStoreError
      ├ InvalidConfigName (ValueError)        refused before the host is called
      ├ ConfigKeyNotFound (KeyError)          store[key] found nothing
      └ ConfigStoreCallFailed (HostError)     the host refused a call
          ├ ConfigStoreNotFound (NotFound)
          ├ ConfigStoreUnsupported (Unsupported)
          ├ ConfigStoreNameRefused (ValueError)
          └ ConfigKeyRefused (ValueError)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import (
    FastlyComputeError,
    HostError,
    NotFound,
    Unsupported,
    errors,
    host_error,
)


class ConfigStoreError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.config_store import ConfigStore, ConfigStoreError
        >>> try:
        ...     ConfigStore.open("")
        ... except ConfigStoreError as error:
        ...     print(error)
        a store name has 1 to 255 characters, not 0
    """


class InvalidConfigName(ConfigStoreError, ValueError):
    """A store's name or a key is invalid; the host was not called.

    Attributes:
        what: ``store name`` or ``key``.
        name: The name.
        rule: The rule that it breaks.
    """

    def __init__(self, what: str, name: str, rule: str) -> None:
        super().__init__(what, name, rule)
        self.what = what
        self.name = name
        self.rule = rule

    def __str__(self) -> str:
        return f"a {self.what} {self.rule}"


class ConfigKeyNotFound(ConfigStoreError, KeyError):
    """The store has no such key.

    Attributes:
        store: The store's name.
        key: The key.
    """

    def __init__(self, store: str, key: str) -> None:
        super().__init__(store, key)
        self.store = store
        self.key = key

    def __str__(self) -> str:
        return f"config store {self.store!r} has no key {self.key!r}"


class ConfigStoreCallFailed(ConfigStoreError, HostError):
    """The host refused a call."""


class ConfigStoreNotFound(ConfigStoreCallFailed, NotFound):
    """The store does not exist, or it is not linked to this version of the service."""

    explanation: ClassVar[str] = (
        "the config store does not exist, or is not linked to this version of the service"
    )


class ConfigStoreUnsupported(ConfigStoreCallFailed, Unsupported):
    """This host, or this service, has no config stores."""


class ConfigStoreNameRefused(ConfigStoreCallFailed, ValueError):
    """The host rejects the store's name as malformed, too long or reserved."""


class ConfigKeyRefused(ConfigStoreCallFailed, ValueError):
    """The host rejects the key as malformed or too long."""

    explanation: ClassVar[str] = "the host rejects the key as malformed or too long"


OPENING: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, ConfigStoreCallFailed),
    "invalid-syntax": ConfigStoreNameRefused,
    "name-too-long": ConfigStoreNameRefused,
    "reserved": ConfigStoreNameRefused,
    "not-found": ConfigStoreNotFound,
    "unsupported": ConfigStoreUnsupported,
}
"""The exception for each case of the WIT when a store is opened."""

LOOKUP: Mapping[str, type[HostError]] = {
    **OPENING,
    "invalid-argument": ConfigKeyRefused,
    # The platform's error for a key that is too long.
    "unsupported": ConfigKeyRefused,
}
"""The exception for each case of the WIT when a key is looked up."""


def config_store_error(
    value: object, operation: str, *, subject: str, classes: Mapping[str, type[HostError]]
) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The name that it was called with.
        classes: `OPENING` or `LOOKUP`.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=classes)
