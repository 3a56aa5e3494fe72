"""Config stores."""

from typing import Self, TypeVar, overload

from fastly_compute.config_store import _wit
from fastly_compute.config_store.errors import ConfigKeyNotFound
from fastly_compute.config_store.names import checked
from fastly_compute.core import Handle

T = TypeVar("T")


class ConfigStore(Handle["_wit.Store"]):
    """A config store that is linked to the service; an app can read it, but not list its keys.

    A store's name has 1 to 255 characters and a key 1 to 256; others are refused before the host is
    called. A value is text of up to 8,000 characters. Each lookup is one call of the host.

    An edge dictionary, the predecessor of config stores, opens the same way.

    Example:
        >>> from fastly_compute.config_store import ConfigStore
        >>> def greeting() -> str:
        ...     with ConfigStore.open("settings") as settings:
        ...         return settings.get("greeting", "hello")
    """

    __slots__ = ("_name",)

    _created_by = "ConfigStore.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a store (``store.open``), or a dictionary if no store has that name.

        Args:
            name: Its name, as linked to the service.

        Returns:
            The store.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidConfigName: The name is invalid.
            ConfigStoreNotFound: The store does not exist, or it is not linked to this version.
            ConfigStoreCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        store = cls._wrap(_wit.open_store(checked(name, "store name")))
        store._name = name
        return store

    @property
    def name(self) -> str:
        """The store's name."""
        return self._name

    @overload
    def get(self, key: str) -> str | None: ...

    @overload
    def get(self, key: str, default: T) -> str | T: ...

    def get(self, key: str, default: T | None = None) -> str | T | None:
        """Look up a value (``store.get``).

        Args:
            key: The key.
            default: What to return if the store does not have the key; None by default.

        Returns:
            The value, or *default*.

        Raises:
            TypeError: The key is not a ``str``.
            InvalidConfigName: The key is invalid.
            HandleClosed: The store was closed.
            ConfigKeyRefused: The host rejects the key.
            ConfigStoreCallFailed: The host refused for another reason.
        """
        checked(key, "key")
        value = _wit.lookup(self._resource, key, subject=f"{self._name}/{key}")
        return default if value is None else value

    def __getitem__(self, key: str) -> str:
        """Look up a value that must exist.

        Raises:
            ConfigKeyNotFound: The store does not have the key; it is a `KeyError`.
        """
        value = self.get(key)
        if value is None:
            raise ConfigKeyNotFound(self._name, key)
        return value

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    # Without it, Python would iterate by __getitem__(0), whose error explains nothing.
    __iter__ = None

    def __repr__(self) -> str:
        return f"<ConfigStore {self._name!r}>"
