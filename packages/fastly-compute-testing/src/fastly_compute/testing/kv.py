"""KV stores that a test fills, and finds what the app put into them."""

import json
import math
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace

from fastly_compute.local import Host, KvItem
from fastly_compute.local.extending import KvData, check_kv_store

_ALL = (1 << 32) - 1


class KvStore(MutableMapping[str, bytes]):
    """One KV store as it is now: the values by key.

    Inserted values are visible at once, and expired ones are not. A
    `fastly_compute.local.KvItem` instead of a value has metadata, too.

    Example:
        >>> from fastly_compute.local import KvItem
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     shelf = compute_host.kv["shelf"]
        ...     shelf["lamp"] = KvItem(data=b"7", metadata="euro")
        ...     print(shelf["lamp"], shelf.item("lamp").metadata)
        b'7' euro
    """

    def __init__(self, host: Host, name: str) -> None:
        self._host = host
        self._name = name

    def item(self, key: str) -> KvItem:
        """Return a value with its metadata. Raises `KeyError` if it is missing."""
        check_kv_store(self._name, {key: KvItem(data=b"")})
        entry = self._host.kv.lookup(self._name, key)
        if entry is None:
            raise KeyError(key)
        return KvItem(data=entry.data, metadata=entry.metadata)

    def __getitem__(self, key: str) -> bytes:
        return self.item(key).data

    def __setitem__(self, key: str, value: bytes | KvItem) -> None:
        item = KvItem(data=value) if isinstance(value, bytes) else value
        if not isinstance(item, KvItem):
            raise TypeError(
                f"{self._name}: the value of {key!r} must be bytes or a KvItem, "
                f"not {type(value).__name__}"
            )
        check_kv_store(self._name, {key: item})
        self._host.kv.insert(
            self._name,
            key,
            item.data,
            mode="overwrite",
            metadata=item.metadata,
            generation=None,
            ttl=None,
        )

    def __delitem__(self, key: str) -> None:
        self.item(key)
        self._host.kv.delete(self._name, key)

    def __iter__(self) -> Iterator[str]:
        page = self._host.kv.list(self._name, prefix=None, limit=_ALL, cursor=None)
        return iter(json.loads(page)["data"])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"<KvStore {self._name!r}: {', '.join(self) or 'empty'}>"


class KvStores:
    """The KV stores by name. Naming one is enough to have it, at first empty.

    Args:
        host: Whose they are.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     compute_host.kv["shelf"]["lamp"] = b"7"
        ...     compute_host.kv["other"] = {"a": b"1", "b": b"2"}
        ...     print(dict(compute_host.kv["shelf"]), compute_host.kv["other"])
        {'lamp': b'7'} <KvStore 'other': a, b>
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def __getitem__(self, name: str) -> KvStore:
        if name not in self:
            self._open(name)
        return KvStore(self._host, name)

    def __setitem__(self, name: str, items: Mapping[str, bytes | KvItem]) -> None:
        store = self[name]
        store.clear()
        for key, value in items.items():
            store[key] = value

    def __contains__(self, name: object) -> bool:
        return name in self._host.config.kv_stores

    def __iter__(self) -> Iterator[str]:
        return iter(self._host.config.kv_stores)

    def __len__(self) -> int:
        return len(self._host.config.kv_stores)

    def _open(self, name: str) -> None:
        check_kv_store(name, {})
        known = self._host.config.kv_stores
        data = KvData({store: {} for store in (*known, name)}, clock=self._host.clock)
        for store in known:
            for key in KvStore(self._host, store):
                entry = self._host.kv.lookup(store, key)
                if entry is None:
                    continue
                expires = entry.expires
                data.insert(
                    store,
                    key,
                    entry.data,
                    mode="overwrite",
                    metadata=entry.metadata,
                    generation=None,
                    ttl=None if expires is None else math.ceil(expires - self._host.clock.now()),
                )
        self._host.config = replace(self._host.config, kv_stores={**known, name: {}})
        self._host.kv = data
