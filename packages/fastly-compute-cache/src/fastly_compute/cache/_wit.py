"""The bindings of the cache interfaces; their errors become this package's exceptions."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from fastly_compute.cache.errors import CLASSES
from fastly_compute.cache.keys import surrogate_keys
from fastly_compute.cache.options import WriteOptions, nanoseconds
from fastly_compute.core import Duration, bindings, drop, read_sized
from fastly_compute.http import Headers

if TYPE_CHECKING:
    from wit_world.imports import async_io, cache, http_req, purge
else:
    cache = bindings.interface("cache")
    http_req = bindings.interface("http_req")
    purge = bindings.interface("purge")

T = TypeVar("T")
HeadersOf = Headers | Mapping[str, str] | None

_call = bindings.caller(CLASSES)


def _with_request(headers: "HeadersOf", call: "Callable[[http_req.Request | None], T]") -> T:
    """Call with a request that carries the headers: the WIT passes them that way."""
    if not headers:
        return call(None)
    request = _call("http-req.request.new", http_req.Request.new)
    try:
        for name, value in Headers(headers).items():
            append = partial(request.append_header, name, value.encode("latin-1"))
            _call("http-req.request.append-header", append)
        return call(request)
    finally:
        drop(request)


def _lookup_options(request: "http_req.Request | None", *, ranged: bool) -> "cache.LookupOptions":
    return cache.LookupOptions(
        request_headers=request, always_use_requested_range=ranged, extra=None
    )


def lookup(key: bytes, headers: "HeadersOf", *, ranged: bool) -> "cache.Entry":
    """Look up an object."""
    return _with_request(
        headers,
        lambda request: _call(
            "cache.entry.lookup",
            lambda: cache.Entry.lookup(key, _lookup_options(request, ranged=ranged)),
        ),
    )


def transaction(key: bytes, headers: "HeadersOf", *, ranged: bool) -> "cache.Entry":
    """Look up an object; wait while another lookup has the obligation to store it."""
    return _with_request(
        headers,
        lambda request: _call(
            "cache.entry.transaction-lookup",
            lambda: cache.Entry.transaction_lookup(key, _lookup_options(request, ranged=ranged)),
        ),
    )


def transaction_async(key: bytes, headers: "HeadersOf", *, ranged: bool) -> "async_io.Pollable":
    """Start a lookup without waiting."""
    return _with_request(
        headers,
        lambda request: _call(
            "cache.entry.transaction-lookup-async",
            lambda: cache.Entry.transaction_lookup_async(
                key, _lookup_options(request, ranged=ranged)
            ),
        ),
    )


def await_entry(pending: "async_io.Pollable") -> "cache.Entry":
    """Wait for the result of a lookup."""
    return _call("cache.await-entry", lambda: cache.await_entry(pending))


def close_pending(pending: "async_io.Pollable") -> None:
    """Cancel a pending lookup."""
    _call("cache.close-pending-entry", lambda: cache.close_pending_entry(pending))


def close_entry(entry: "cache.Entry") -> None:
    """Release an entry and its obligation."""
    _call("cache.close-entry", lambda: cache.close_entry(entry))


def _write_options(
    options: WriteOptions, request: "http_req.Request | None"
) -> "cache.WriteOptions":
    def ns(value: Duration | None) -> int | None:
        return None if value is None else nanoseconds(value, option="duration")

    return cache.WriteOptions(
        max_age_ns=nanoseconds(options.max_age, option="max_age"),
        request_headers=request,
        vary_rule=" ".join(options.vary) or None,
        initial_age_ns=ns(options.initial_age),
        stale_while_revalidate_ns=ns(options.stale_while_revalidate),
        surrogate_keys=surrogate_keys(options.surrogate_keys, option="surrogate_keys"),
        length=options.length,
        user_metadata=options.user_metadata,
        edge_max_age_ns=ns(options.edge_max_age),
        sensitive_data=options.sensitive_data,
        extra=None,
    )


def insert(key: bytes, headers: "HeadersOf", options: WriteOptions) -> "async_io.Pollable":
    """Store an object, and return the body to write."""
    return _with_request(
        headers,
        lambda request: _call(
            "cache.insert", lambda: cache.insert(key, _write_options(options, request))
        ),
    )


def transaction_insert(entry: "cache.Entry", options: WriteOptions) -> "async_io.Pollable":
    """Store the object that an entry has the obligation for, and return the body to write."""
    written = _write_options(options, None)
    return _call("cache.transaction-insert", lambda: entry.transaction_insert(written))


def transaction_insert_and_stream_back(
    entry: "cache.Entry", options: WriteOptions
) -> "tuple[async_io.Pollable, cache.Entry]":
    """Store an entry's object, and return the body to write and an entry to read it from."""
    written = _write_options(options, None)
    return _call(
        "cache.transaction-insert-and-stream-back",
        lambda: entry.transaction_insert_and_stream_back(written),
    )


def transaction_update(entry: "cache.Entry", options: WriteOptions) -> None:
    """Replace the options of the object that was found, and keep its body."""
    written = _write_options(options, None)
    _call("cache.transaction-update", lambda: entry.transaction_update(written))


def transaction_cancel(entry: "cache.Entry") -> None:
    """Give up the obligation."""
    _call("cache.transaction-cancel", entry.transaction_cancel)


def states(entry: "cache.Entry | cache.ReplaceEntry") -> frozenset[str]:
    """Return the names of the WIT flags that an entry has set."""
    state = _call("cache.get-state", entry.get_state)
    if state is None:
        return frozenset()
    return frozenset(str(flag.name).lower() for flag in cache.LookupState if flag in state)


def body_of(
    entry: "cache.Entry | cache.ReplaceEntry", start: int | None, end: int | None
) -> "async_io.Pollable | None":
    """Read an object's body, or a range of it."""
    options = cache.GetBodyOptions(from_=start, to=end, extra=None)
    return _call("cache.get-body", lambda: entry.get_body(options))


def metadata(entry: "cache.Entry | cache.ReplaceEntry") -> bytes | None:
    """Return the metadata stored with an object."""
    return _call("cache.get-user-metadata", lambda: read_sized(entry.get_user_metadata))


def number(entry: "cache.Entry | cache.ReplaceEntry", what: str) -> int | None:
    """Return one of an object's numbers."""
    value: int | None = _call(f"cache.{what.replace('_', '-')}", getattr(entry, what))
    return value


def duration(entry: "cache.Entry | cache.ReplaceEntry", what: str) -> timedelta | None:
    """Return one of an object's durations."""
    value = number(entry, what)
    return None if value is None else timedelta(microseconds=value // 1000)


def replace(
    key: bytes, headers: "HeadersOf", strategy: str, *, ranged: bool
) -> "cache.ReplaceEntry":
    """Start to replace an object."""

    def begin(request: "http_req.Request | None") -> "cache.ReplaceEntry":
        options = cache.ReplaceOptions(
            request_headers=request,
            replace_strategy=cache.ReplaceStrategy[strategy.upper()],
            always_use_requested_range=ranged,
            extra=None,
        )
        return _call("cache.replace", lambda: cache.ReplaceEntry.replace(key, options))

    return _with_request(headers, begin)


def replace_insert(entry: "cache.ReplaceEntry", options: WriteOptions) -> "async_io.Pollable":
    """Store the new object, and return the body to write."""
    written = _write_options(options, None)
    return _call("cache.replace-insert", lambda: cache.replace_insert(entry, written))


def close_replace(entry: "cache.ReplaceEntry") -> None:
    """Release a replacement."""
    _call("cache.close-replace-entry", lambda: cache.close_replace_entry(entry))


def purge_keys(keys: str, *, soft: bool) -> None:
    """Purge all objects with a surrogate key."""
    options = purge.PurgeOptions(soft_purge=soft, extra=None)
    _call("purge.purge-surrogate-key", lambda: purge.purge_surrogate_key(keys, options))


def purge_keys_verbose(keys: str, *, soft: bool) -> str:
    """Purge all objects with a surrogate key, and return the platform's response."""
    options = purge.PurgeOptions(soft_purge=soft, extra=None)
    return _call(
        "purge.purge-surrogate-key-verbose",
        lambda: read_sized(lambda size: purge.purge_surrogate_key_verbose(keys, options, size)),
    )
