"""Secret stores."""

from typing import Self

from fastly_compute.core import Handle
from fastly_compute.secret_store import _wit
from fastly_compute.secret_store.errors import SecretNotFound
from fastly_compute.secret_store.names import checked
from fastly_compute.secret_store.secret import Secret


class SecretStore(Handle["_wit.secret_store.Store"]):
    """A secret store that is linked to the service.

    Store names and keys have 1 to 255 of the characters ``A-Z a-z 0-9 . _ -``; others are refused
    before the host is called.

    Example:
        >>> from fastly_compute.secret_store import SecretStore
        >>> def api_token() -> str:
        ...     with SecretStore.open("credentials") as store:
        ...         return store["api-token"].text()
    """

    __slots__ = ("_name",)

    _created_by = "SecretStore.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a store (``store.open``).

        Args:
            name: Its name, as linked to the service.

        Returns:
            The store.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidName: The name is invalid.
            SecretStoreNotFound: The store does not exist, or it is not linked to this version.
            SecretStoreCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        checked(name, "store name")
        store = cls._wrap(_wit.open_store(name))
        store._name = name
        return store

    @property
    def name(self) -> str:
        """The store's name."""
        return self._name

    def get(self, key: str) -> Secret | None:
        """Look up a secret (``store.get``) without reading it.

        Args:
            key: The secret's name in the store.

        Returns:
            The secret, or None if the store has no secret with that key.

        Raises:
            TypeError: The key is not a ``str``.
            InvalidName: The key is invalid.
            HandleClosed: The store was closed.
            SecretStoreCallFailed: The host refused.
        """
        checked(key, "key")
        resource = _wit.get(self._resource, key, f"{self._name}/{key}")
        if resource is None:
            return None
        where = f"{key!r} of store {self._name!r}"
        return Secret._of(resource, identity=f"secret {where}", shown=f"<Secret {where}>")

    def __getitem__(self, key: str) -> Secret:
        """Look up a secret that must exist.

        Raises:
            SecretNotFound: The store has no such secret; it is a `KeyError`.
        """
        secret = self.get(key)
        if secret is None:
            raise SecretNotFound(self._name, key)
        return secret

    def __contains__(self, key: str) -> bool:
        secret = self.get(key)
        if secret is None:
            return False
        secret.close()
        return True

    def __repr__(self) -> str:
        return f"<SecretStore {self._name!r}>"
