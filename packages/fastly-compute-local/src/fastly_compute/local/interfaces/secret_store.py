"""`fastly:compute/secret-store`: secrets by name."""

from typing import Self

from componentize_py_types import Err
from wit_world.imports.types import OpenError

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running


class Secret(Resource):
    """One secret."""

    def __init__(self, value: bytes) -> None:
        self.value = value

    @classmethod
    def from_bytes(cls, bytes: bytes) -> Self:  # noqa: A002 - the bindings name it so
        """Make a secret from bytes that the guest has."""
        return cls(bytes)

    def plaintext(self, max_len: int) -> bytes:
        """Return its bytes."""
        return fit(self.value, max_len)


class Store(Resource):
    """One secret store."""

    def __init__(self, secrets: dict[str, bytes]) -> None:
        self._secrets = secrets

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a store from the configuration."""
        secrets = running().host.config.secret_stores.get(name)
        if secrets is None:
            raise Err(OpenError.NOT_FOUND)
        return cls(dict(secrets))

    def get(self, key: str) -> Secret | None:
        """Return a secret."""
        value = self._secrets.get(key)
        return None if value is None else Secret(value)
