"""The bindings of ``fastly:compute/kv-store``; errors become this package's exceptions."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings, read_sized
from fastly_compute.kv_store.errors import CLASSES
from fastly_compute.kv_store.options import PutOptions

if TYPE_CHECKING:
    from wit_world.imports import async_io, kv_store
else:
    kv_store = bindings.interface("kv_store")


# Viceroy returns metadata once only, even if it did not fit.
_METADATA_ROOM = 64 * 1024

_call = bindings.caller(CLASSES, prefix="kv-store.")


def open_store(name: str) -> "kv_store.Store":
    """Open a store."""
    return _call("store.open", lambda: kv_store.Store.open(name), name)


def lookup(store: "kv_store.Store", key: str, subject: str) -> "async_io.Pollable":
    """Start to look up a key."""
    return _call("store.lookup-async", lambda: store.lookup_async(key), subject)


def await_lookup(pending: "async_io.Pollable", subject: str) -> "kv_store.Entry | None":
    """Wait for the result of a lookup."""
    return _call("await-lookup", lambda: kv_store.await_lookup(pending), subject)


def insert(
    store: "kv_store.Store",
    key: str,
    body: "async_io.Pollable",
    options: PutOptions,
    subject: str,
) -> "async_io.Pollable":
    """Start to store a value."""
    insert_options = kv_store.InsertOptions(
        background_fetch=options.background_fetch,
        if_generation_match=options.if_generation,
        metadata=options.metadata,
        time_to_live_sec=options.ttl,
        mode=kv_store.InsertMode[options.mode.upper()],
        extra=None,
    )
    return _call(
        "store.insert-async", lambda: store.insert_async(key, body, insert_options), subject
    )


def await_insert(pending: "async_io.Pollable", subject: str) -> None:
    """Wait until a value is stored."""
    _call("await-insert", lambda: kv_store.await_insert(pending), subject)


def delete(store: "kv_store.Store", key: str, subject: str) -> "async_io.Pollable":
    """Start to delete a key."""
    return _call("store.delete-async", lambda: store.delete_async(key), subject)


def await_delete(pending: "async_io.Pollable", subject: str) -> bool:
    """Wait until a key is deleted, and return whether it existed."""
    return _call("await-delete", lambda: kv_store.await_delete(pending), subject)


def list_keys(
    store: "kv_store.Store",
    consistency: str,
    prefix: str | None,
    limit: int,
    cursor: str | None,
    subject: str,
) -> "async_io.Pollable":
    """Start to list keys."""
    options = kv_store.ListOptions(
        mode=kv_store.ListMode[consistency.upper()],
        cursor=cursor,
        limit=limit,
        prefix=prefix,
        extra=None,
    )
    return _call("store.list-async", lambda: store.list_async(options), subject)


def await_list(pending: "async_io.Pollable", subject: str) -> "async_io.Pollable":
    """Wait for a page of keys, as JSON."""
    return _call("await-list", lambda: kv_store.await_list(pending), subject)


def take_body(entry: "kv_store.Entry") -> "async_io.Pollable | None":
    """Take an entry's value."""
    return entry.take_body()


def metadata(entry: "kv_store.Entry", subject: str) -> str | None:
    """Return an entry's metadata."""
    return _call(
        "entry.metadata", lambda: read_sized(entry.metadata, first=_METADATA_ROOM), subject
    )
