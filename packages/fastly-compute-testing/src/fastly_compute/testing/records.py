"""What guests did that a test may want to know, beside the requests that they sent."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from fastly_compute.local import BackendConfig
from fastly_compute.local.extending import (
    BackendResource,
    SecretResource,
    SecretStoreResource,
)

_REGISTERING = frozenset({"backend.register_dynamic_backend", "shielding.backend_for_shield"})


class Records:
    """Looks on at the host calls of guests; this is a `Host.interpose`.

    Attributes:
        backends: The dynamic backends that were registered, by name; of one that several sandboxes
            registered, the last.
        secrets_read: The store and the name of each secret whose plaintext was read, in order.
    """

    def __init__(self) -> None:
        self.backends: dict[str, BackendConfig] = {}
        self.secrets_read: list[tuple[str, str]] = []
        self._stores: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self._secrets: WeakKeyDictionary[object, tuple[str, str]] = WeakKeyDictionary()

    def __call__(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        """Take one call of a guest."""
        result = function(*args)
        if label in _REGISTERING and isinstance(result, BackendResource):
            self.backends[result.name] = result.config
        elif isinstance(result, SecretStoreResource):
            self._stores[result] = str(args[1])
        elif isinstance(result, SecretResource) and args[0] in self._stores:
            self._secrets[result] = (self._stores[args[0]], str(args[1]))
        elif label == "secret-store.Secret.plaintext" and args[0] in self._secrets:
            self.secrets_read.append(self._secrets[args[0]])
        return result
