"""`fastly:compute/config-store`: configuration by name."""

from collections.abc import Mapping
from typing import Self

from componentize_py_types import Err
from wit_world.imports.types import OpenError

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running


class Store(Resource):
    """One config store."""

    def __init__(self, items: Mapping[str, str]) -> None:
        self._items = items

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a store from the configuration."""
        items = running().host.config.config_stores.get(name)
        if items is None:
            raise Err(OpenError.NOT_FOUND)
        return cls(items)

    def get(self, key: str, max_len: int) -> str | None:
        """Return the value of a key."""
        value = self._items.get(key)
        return None if value is None else fit(value, max_len)
