"""The KV stores of a host, shared by all its sandboxes."""

import base64
import binascii
import json
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastly_compute.local.clock import Clock
from fastly_compute.local.config import KvItem
from fastly_compute.local.config.kv import kv_key_problem

_LIST_LIMIT = 1000


class KvRefused(Exception):
    """An operation is refused.

    Attributes:
        error: The corresponding case of `kv-error`, in the WIT's spelling.
    """

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class KvEntry:
    """The entry of a key.

    Attributes:
        data: Its value.
        metadata: Text stored with it, or None.
        generation: A number that is different for every insert.
        expires: When it expires, on the data's clock; None if never.
    """

    data: bytes = field(repr=False)
    metadata: str | None
    generation: int
    expires: float | None


class KvData:
    """All KV stores of a host. Every method can be called from any thread.

    Args:
        stores: The initial contents.
        clock: The clock for times to live, by default a new one.
    """

    def __init__(
        self, stores: Mapping[str, Mapping[str, KvItem]], *, clock: Clock | None = None
    ) -> None:
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._generation = 0
        # The keys in order, expired ones included; made when they are listed.
        self._sorted: dict[str, list[str]] = {}
        self._stores: dict[str, dict[str, KvEntry]] = {
            name: {key: self._entry(item.data, item.metadata, None) for key, item in items.items()}
            for name, items in stores.items()
        }

    def __contains__(self, store: str) -> bool:
        return store in self._stores

    def lookup(self, store: str, key: str) -> KvEntry | None:
        """Return an entry."""
        _check(key)
        with self._lock:
            return self._present(store, key)

    def insert(
        self,
        store: str,
        key: str,
        data: bytes,
        *,
        mode: str,
        metadata: str | None,
        generation: int | None,
        ttl: int | None,
    ) -> None:
        """Store a value under a key.

        Args:
            store: The store's name.
            key: The key.
            data: The value.
            mode: A case of `insert-mode` in the WIT.
            metadata: Text to store with it; replaces the previous one.
            generation: The generation that the present entry must have.
            ttl: Seconds until the entry expires.

        Raises:
            KvRefused: The key is not allowed, or the mode or the generation forbids it.
        """
        _check(key)
        with self._lock:
            present = self._present(store, key)
            if present is not None:
                if mode == "add" or generation not in {None, present.generation}:
                    raise KvRefused("precondition-failed")
                if mode == "append":
                    data = present.data + data
                elif mode == "prepend":
                    data += present.data
            if key not in self._stores[store]:
                self._sorted.pop(store, None)
            self._stores[store][key] = self._entry(data, metadata, ttl)

    def delete(self, store: str, key: str) -> bool:
        """Remove an entry, and return whether it existed."""
        _check(key)
        with self._lock:
            existed = self._present(store, key) is not None
            self._remove(store, key)
            return existed

    def list(
        self, store: str, *, prefix: str | None, limit: int | None, cursor: str | None
    ) -> bytes:
        """List keys in order, as JSON like the platform's.

        Args:
            store: The store's name.
            prefix: The start of the keys to list.
            limit: Most keys to list, by default 1000.
            cursor: The `next_cursor` of the previous page.

        Raises:
            KvRefused: The cursor is invalid, or the limit is 0.
        """
        after = "" if cursor is None else _after(cursor)
        count = _LIST_LIMIT if limit is None else limit
        if count == 0:
            raise KvRefused("bad-request")
        with self._lock:
            keys = self._page(store, prefix or "", after, count + 1)
        meta: dict[str, object] = {"limit": count}
        if prefix is not None:
            meta["prefix"] = prefix
        if len(keys) > count:
            keys = keys[:count]
            meta["next_cursor"] = base64.b64encode(keys[-1].encode()).decode()
        page = {"data": [*keys], "meta": meta}
        return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()

    def _present(self, store: str, key: str) -> KvEntry | None:
        """Return an entry, and remove it if it has expired."""
        entry = self._stores[store].get(key)
        if entry is None or entry.expires is None or entry.expires > self._clock.now():
            return entry
        self._remove(store, key)
        return None

    def _remove(self, store: str, key: str) -> None:
        if self._stores[store].pop(key, None) is not None:
            self._sorted.pop(store, None)

    def _page(self, store: str, prefix: str, after: str, count: int) -> Sequence[str]:
        """Return the first keys with a prefix that come after a key."""
        every = self._sorted.get(store)
        if every is None:
            every = self._sorted[store] = sorted(self._stores[store])
        keys: list[str] = []
        at = bisect_left(every, prefix) if prefix > after else bisect_right(every, after)
        while len(keys) < count and at < len(every) and every[at].startswith(prefix):
            if self._present(store, every[at]):
                keys.append(every[at])
            at += 1
        return keys

    def _entry(self, data: bytes, metadata: str | None, ttl: int | None) -> KvEntry:
        # Nanoseconds as on Viceroy, but never the same number twice.
        self._generation = max(self._generation + 1, time.time_ns())
        return KvEntry(
            data=data,
            # Empty metadata is stored as None: the platform does not tell the two apart.
            metadata=metadata or None,
            generation=self._generation,
            expires=None if ttl is None else self._clock.now() + ttl,
        )


def _check(key: str) -> None:
    if kv_key_problem(key):
        raise KvRefused("bad-request")


def _after(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError):
        raise KvRefused("bad-request") from None
