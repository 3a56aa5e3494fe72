"""The KV stores of a host: what is in them, for all its sandboxes at once."""

import base64
import binascii
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastly_compute.local.clock import Clock
from fastly_compute.local.config import KvItem
from fastly_compute.local.config.kv import kv_key_problem

_LIST_LIMIT = 1000


class KvRefused(Exception):
    """An operation is refused.

    Attributes:
        error: The case of `kv-error` that says so, in the WIT's spelling.
    """

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class KvEntry:
    """What a key has.

    Attributes:
        data: Its value.
        metadata: What was stored beside it, or None.
        generation: Another number with every insert.
        expires: When it is gone, on the clock of the data; None where it stays.
    """

    data: bytes = field(repr=False)
    metadata: str | None
    generation: int
    expires: float | None


class KvData:
    """All KV stores of a host. Every method can be called from any thread.

    Args:
        stores: What they hold at first.
        clock: What times to live are measured with, by default one of its own.
    """

    def __init__(
        self, stores: Mapping[str, Mapping[str, KvItem]], *, clock: Clock | None = None
    ) -> None:
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._generation = 0
        self._stores: dict[str, dict[str, KvEntry]] = {
            name: {key: self._entry(item.data, item.metadata, None) for key, item in items.items()}
            for name, items in stores.items()
        }

    def __contains__(self, store: str) -> bool:
        return store in self._stores

    def lookup(self, store: str, key: str) -> KvEntry | None:
        """Find an entry."""
        _check(key)
        with self._lock:
            return self._living(store).get(key)

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
        """Put a value under a key.

        Args:
            store: The store's name.
            key: The key.
            data: The value.
            mode: A case of `insert-mode` in the WIT.
            metadata: What to store beside it; what was there is replaced.
            generation: The generation that an entry which is there must have.
            ttl: Seconds until the entry is gone.

        Raises:
            KvRefused: The key is not allowed, or the mode or the generation forbids it.
        """
        _check(key)
        with self._lock:
            entries = self._living(store)
            present = entries.get(key)
            if present is not None:
                if mode == "add" or generation not in {None, present.generation}:
                    raise KvRefused("precondition-failed")
                if mode == "append":
                    data = present.data + data
                elif mode == "prepend":
                    data += present.data
            entries[key] = self._entry(data, metadata, ttl)

    def delete(self, store: str, key: str) -> bool:
        """Remove an entry and tell whether it was there."""
        _check(key)
        with self._lock:
            return self._living(store).pop(key, None) is not None

    def list(
        self, store: str, *, prefix: str | None, limit: int | None, cursor: str | None
    ) -> bytes:
        """List keys in their order, as the JSON that the platform answers with.

        Args:
            store: The store's name.
            prefix: How the keys begin.
            limit: How many to list at most, by default 1000.
            cursor: The `next_cursor` of the page before.

        Raises:
            KvRefused: The cursor is none, or the limit is 0.
        """
        after = "" if cursor is None else _after(cursor)
        count = _LIST_LIMIT if limit is None else limit
        if count == 0:
            raise KvRefused("bad-request")
        with self._lock:
            keys = sorted(self._living(store))
        keys = [key for key in keys if key > after and key.startswith(prefix or "")]
        meta: dict[str, object] = {"limit": count}
        if prefix is not None:
            meta["prefix"] = prefix
        if len(keys) > count:
            keys = keys[:count]
            meta["next_cursor"] = base64.b64encode(keys[-1].encode()).decode()
        page = {"data": keys, "meta": meta}
        return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()

    def _living(self, store: str) -> dict[str, KvEntry]:
        entries, now = self._stores[store], self._clock.now()
        for key, entry in list(entries.items()):
            if entry.expires is not None and entry.expires <= now:
                del entries[key]
        return entries

    def _entry(self, data: bytes, metadata: str | None, ttl: int | None) -> KvEntry:
        # Nanoseconds as on Viceroy, and never the same number twice.
        self._generation = max(self._generation + 1, time.time_ns())
        return KvEntry(
            data=data,
            # An empty text is none, as the platform does not tell the two apart.
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
