"""The exceptions of secret stores, and which WIT error maps to which.

::

    SecretStoreError
      ├ InvalidName (ValueError)              refused before the host is called
      ├ SecretTooLarge (ValueError)           refused before the host is called
      ├ SecretNotFound (KeyError)             store[key] found nothing
      ├ SecretNotText (ValueError)            Secret.text() of bytes that are not UTF-8
      └ SecretStoreCallFailed (HostError)     the host refused a call
          ├ SecretStoreNotFound (NotFound)
          ├ SecretStoreUnsupported (Unsupported)
          └ SecretStoreNameRefused (ValueError)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import (
    FastlyComputeError,
    HostError,
    NotFound,
    Unsupported,
    errors,
)


class SecretStoreError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.secret_store import InvalidName, SecretStore, SecretStoreError
        >>> try:
        ...     SecretStore.open("my secrets")
        ... except SecretStoreError as error:
        ...     print(type(error).__name__)
        InvalidName
    """


class InvalidName(SecretStoreError, ValueError):
    """A store's name or a secret's key is invalid; the host was not called.

    Attributes:
        what: ``store name`` or ``key``.
        name: The name.
    """

    def __init__(self, what: str, name: str) -> None:
        super().__init__(what, name)
        self.what = what
        self.name = name

    def __str__(self) -> str:
        shown = repr(self.name) if len(self.name) <= 300 else f"{len(self.name)} characters"
        return f"a {self.what} has 1 to 255 of the characters A-Z a-z 0-9 . _ -, not {shown}"


class SecretTooLarge(SecretStoreError, ValueError):
    """A secret is larger than 64 KiB; the host was not called.

    Attributes:
        size: Its size in bytes.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size

    def __str__(self) -> str:
        return f"a secret holds at most 65536 bytes, not {self.size}"


class SecretNotFound(SecretStoreError, KeyError):
    """The store has no secret with that key.

    Attributes:
        store: The store's name.
        key: The key.
    """

    def __init__(self, store: str, key: str) -> None:
        super().__init__(store, key)
        self.store = store
        self.key = key

    def __str__(self) -> str:
        return f"secret store {self.store!r} has no secret {self.key!r}"


class SecretNotText(SecretStoreError, ValueError):
    """The secret is not UTF-8: read it with `Secret.plaintext`.

    Neither this exception nor its cause contains the secret's value.

    Attributes:
        secret: The secret's `repr`.
    """

    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.secret = secret

    def __str__(self) -> str:
        return f"{self.secret} is not UTF-8 text: read it with plaintext()"


class SecretStoreCallFailed(SecretStoreError, HostError):
    """The host refused a call."""


class SecretStoreNotFound(SecretStoreCallFailed, NotFound):
    """The store does not exist, or it is not linked to this version of the service."""

    explanation: ClassVar[str] = (
        "the secret store does not exist, or is not linked to this version of the service"
    )


class SecretStoreUnsupported(SecretStoreCallFailed, Unsupported):
    """This host, or this service, has no secret stores."""


class SecretStoreNameRefused(SecretStoreCallFailed, ValueError):
    """The host rejects the name as malformed, too long or reserved."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, SecretStoreCallFailed),
    "invalid-syntax": SecretStoreNameRefused,
    "name-too-long": SecretStoreNameRefused,
    "reserved": SecretStoreNameRefused,
    "not-found": SecretStoreNotFound,
    "unsupported": SecretStoreUnsupported,
}
"""The exception for each case of the WIT's ``types.error`` and ``types.open-error``."""
