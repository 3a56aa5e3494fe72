"""The bindings of the readthrough cache, with their errors converted to this package's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastly_compute.core import bindings, read_sized
from fastly_compute.http._wit import Sent
from fastly_compute.http.errors import CACHE_CLASSES

if TYPE_CHECKING:
    from wit_world.imports import (
        async_io,
        backend,
        http_body,
        http_cache,
        http_req,
        http_resp,
    )
else:
    async_io = bindings.interface("async_io")
    http_body = bindings.interface("http_body")
    http_cache = bindings.interface("http_cache")
    http_req = bindings.interface("http_req")


@dataclass(slots=True, kw_only=True)
class Lifetime:
    """How a response is stored: the values of ``write-options`` in the WIT, in nanoseconds."""

    max_age: int
    initial_age: int
    stale_while_revalidate: int
    stale_if_error: int
    vary: str
    surrogate_keys: str
    sensitive: bool
    length: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """The state of a lookup (``lookup-state`` in the WIT)."""

    stale: bool
    obliged: bool
    usable_if_error: bool


_call = bindings.caller(CACHE_CLASSES, prefix="http-cache.")


def is_cacheable(request: "http_req.Request") -> bool:
    """Ask whether a request is to be looked up."""
    return _call("is-request-cacheable", lambda: http_cache.is_request_cacheable(request))


def lookup(
    request: "http_req.Request", key: bytes | None, backend: "backend.Backend"
) -> "http_cache.Entry":
    """Start a lookup."""
    options = http_cache.LookupOptions(override_key=key, backend=backend, extra=None)
    return _call(
        "transaction-lookup", lambda: http_cache.Entry.transaction_lookup(request, options)
    )


def step(entry: "http_cache.Entry") -> "async_io.Pollable | None":
    """Return what a lookup waits for; None if it does not wait."""
    return entry.step()


def ready() -> "async_io.Pollable":
    """Make a handle that is ready."""
    return async_io.Pollable.new_ready()


def close(entry: "http_cache.Entry") -> None:
    """Give up an entry and its obligation."""
    _call("close-entry", lambda: http_cache.close_entry(entry))


def state(entry: "http_cache.Entry") -> Found:
    """Wait for a lookup, and return its state."""
    flags = _call("get-state", entry.get_state)
    names = type(flags)
    return Found(
        stale=names.STALE in flags,
        obliged=names.MUST_INSERT_OR_UPDATE in flags,
        usable_if_error=names.USABLE_IF_ERROR in flags,
    )


def found_response(
    entry: "http_cache.Entry",
) -> "tuple[http_resp.Response, async_io.Pollable] | None":
    """Return the stored response, as it answers the request."""
    return _call("get-found-response", lambda: entry.get_found_response(1))


def suggested_request(entry: "http_cache.Entry") -> "http_req.Request":
    """Make the request for the response that is missing or stale."""
    return _call("get-suggested-backend-request", entry.get_suggested_backend_request)


def prepare(
    entry: "http_cache.Entry", response: "http_resp.Response"
) -> "tuple[str, http_resp.Response]":
    """Return what to do with a response, such as ``INSERT``, and its form to store."""
    operation = "prepare-response-for-storage"
    action, prepared = _call(operation, lambda: entry.prepare_response_for_storage(response))
    return action.name, prepared


def suggested(entry: "http_cache.Entry", response: "http_resp.Response") -> Lifetime:
    """Return what a response's headers ask for."""
    operation = "get-suggested-write-options"
    options = _call(operation, lambda: entry.get_suggested_write_options(response))
    with options:
        return Lifetime(
            max_age=options.get_max_age_ns(),
            initial_age=options.get_initial_age_ns(),
            stale_while_revalidate=options.get_stale_while_revalidate_ns(),
            stale_if_error=options.get_stale_if_error_ns(),
            vary=_call(operation, lambda: read_sized(options.get_vary_rule)),
            surrogate_keys=_call(operation, lambda: read_sized(options.get_surrogate_keys)),
            sensitive=options.get_sensitive_data(),
            length=options.get_length(),
        )


def _options(life: Lifetime) -> "http_cache.WriteOptions":
    return http_cache.WriteOptions(
        max_age_ns=life.max_age,
        vary_rule=life.vary or None,
        initial_age_ns=life.initial_age,
        stale_while_revalidate_ns=life.stale_while_revalidate,
        stale_if_error_ns=life.stale_if_error,
        surrogate_keys=life.surrogate_keys or None,
        length=life.length,
        sensitive_data=life.sensitive,
        extra=None,
    )


def insert(
    entry: "http_cache.Entry", response: "http_resp.Response", life: Lifetime
) -> "tuple[async_io.Pollable, http_cache.Entry]":
    """Store a response; return the body to write, and an entry that reads it meanwhile."""
    options = _options(life)
    return _call(
        "transaction-insert-and-stream-back",
        lambda: entry.transaction_insert_and_stream_back(response, options),
    )


def insert_only(
    entry: "http_cache.Entry", response: "http_resp.Response", life: Lifetime
) -> "async_io.Pollable":
    """Store a response that is not read here; return the body to write."""
    options = _options(life)
    return _call("transaction-insert", lambda: entry.transaction_insert(response, options))


def update(
    entry: "http_cache.Entry", response: "http_resp.Response", life: Lifetime
) -> "http_cache.Entry":
    """Renew the stored response, and return an entry that reads it."""
    options = _options(life)
    return _call(
        "transaction-update-and-return-fresh",
        lambda: entry.transaction_update_and_return_fresh(response, options),
    )


def update_only(entry: "http_cache.Entry", response: "http_resp.Response", life: Lifetime) -> None:
    """Renew the stored response."""
    options = _options(life)
    _call("transaction-update", lambda: entry.transaction_update(response, options))


def choose_stale(entry: "http_cache.Entry") -> None:
    """Use the stale response, here and in the lookups that wait for a new one."""
    _call("transaction-choose-stale", entry.transaction_choose_stale)


def record_uncacheable(entry: "http_cache.Entry", life: Lifetime) -> None:
    """Store a hit-for-pass record."""
    options = _options(life)
    _call(
        "transaction-record-not-cacheable",
        lambda: entry.transaction_record_not_cacheable(options),
    )


def abandon(entry: "http_cache.Entry") -> None:
    """Pass the obligation on to one of the lookups that wait."""
    _call("transaction-abandon", entry.transaction_abandon)


def send_past_cache(
    request: "http_req.Request",
    body: "async_io.Pollable",
    backend: "backend.Backend",
    sent: Sent,
) -> "async_io.Pollable":
    """Send a request past the host's own caching, without waiting."""
    try:
        return http_req.send_async_uncached(request, body, backend)
    except bindings.Err as err:
        raise sent.failed(err.value) from None
