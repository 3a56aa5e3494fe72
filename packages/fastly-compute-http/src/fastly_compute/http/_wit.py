"""The bindings of the HTTP interfaces, with their errors converted to this package's exceptions."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from fastly_compute.core import bindings, case_of, drop, read_items, read_sized
from fastly_compute.http.errors import CLASSES, head_error
from fastly_compute.http.send_errors import send_error

if TYPE_CHECKING:
    from wit_world.imports import (
        async_io,
        backend,
        compute_runtime,
        http_downstream,
        http_req,
        http_resp,
        http_types,
        types,
    )

    from fastly_compute.http.cache_options import CacheOptions
else:
    async_io = bindings.interface("async_io")
    compute_runtime = bindings.interface("compute_runtime")
    http_downstream = bindings.interface("http_downstream")
    http_req = bindings.interface("http_req")
    http_resp = bindings.interface("http_resp")
    http_types = bindings.interface("http_types")

Incoming: TypeAlias = "tuple[http_req.Request, async_io.Pollable]"
"""A client's request and its body."""

_SHORT = 256
_VERSIONS = {
    "HTTP09": "HTTP/0.9",
    "HTTP10": "HTTP/1.0",
    "HTTP11": "HTTP/1.1",
    "H2": "HTTP/2",
    "H3": "HTTP/3",
}
_LACKING = frozenset({"unsupported", "generic-error"})
"""The errors by which hosts report that they do not know."""

_call = bindings.caller(CLASSES)


def failed() -> Exception:
    """Make the error that a handler fails with if it cannot send any response."""
    return bindings.Err(None)


def new_request(method: str, url: str, fields: Iterable[tuple[str, str]]) -> "http_req.Request":
    """Make a request: one call each for the request, its method, its URL and each field."""
    request = _call("http-req.request.new", http_req.Request.new)
    try:
        _call("http-req.request.set-method", request.set_method, method, method)
        _call("http-req.request.set-uri", request.set_uri, url.partition("?")[0], url)
        _append_fields(request, fields)
    except BaseException:
        drop(request)
        raise
    return request


def new_response(status: int, fields: Iterable[tuple[str, str]]) -> "http_resp.Response":
    """Make a response: one call each for the response, its status and each field."""
    response = _call("http-resp.response.new", http_resp.Response.new)
    try:
        set_status(response, status)
        _append_fields(response, fields)
    except BaseException:
        drop(response)
        raise
    return response


def _append_fields(
    message: "http_req.Request | http_resp.Response", fields: Iterable[tuple[str, str]]
) -> None:
    for name, value in fields:
        try:
            message.append_header(name, value.encode("latin-1"))
        except bindings.Err as err:
            raise head_error(err.value, "append-header", subject=name) from None


def read_fields(message: "http_req.Request | http_resp.Response") -> list[tuple[str, str]]:
    """Read all fields: one call for the names, one for the values of each."""
    names = _call("get-header-names", read_items, None, message.get_header_names)
    return [(name, value) for name in dict.fromkeys(names) for value in read_field(message, name)]


def read_field(message: "http_req.Request | http_resp.Response", name: str) -> list[str]:
    """Read the values of one field."""
    try:
        values = read_items(message.get_header_values, name)
    except bindings.Err as err:
        raise head_error(err.value, "get-header-values", subject=name) from None
    return [value.decode("latin-1") for value in values]


def set_field(
    message: "http_req.Request | http_resp.Response", name: str, values: list[str]
) -> None:
    """Replace the values of a field; an empty list removes it."""
    if not values:
        _call("remove-header", lambda: message.remove_header(name), name)
        return
    joined = b"".join(value.encode("latin-1") + b"\0" for value in values)
    _call("set-header-values", lambda: message.set_header_values(name, joined), name)


def get_status(response: "http_resp.Response") -> int:
    """Read a response's status."""
    return _call("http-resp.response.get-status", response.get_status)


def set_status(response: "http_resp.Response", status: int) -> None:
    """Set a response's status."""
    _call("http-resp.response.set-status", response.set_status, str(status), status)


def get_method(request: "http_req.Request") -> str:
    """Read a request's method."""
    return _call("http-req.request.get-method", read_sized, None, request.get_method, _SHORT)


def get_url(request: "http_req.Request") -> str:
    """Read a request's URL."""
    return _call("http-req.request.get-uri", read_sized, None, request.get_uri)


def address_of(address: "types.IpAddress | None") -> str | None:
    """Format an address as text."""
    if address is None:
        return None
    parts = address.value
    if len(parts) == 4:
        return ".".join(map(str, parts))
    return str(ipaddress.IPv6Address(b"".join(part.to_bytes(2, "big") for part in parts)))


def original_names(request: "http_req.Request") -> list[str]:
    """Read the names of the header fields as the client wrote them."""
    names = http_downstream.downstream_original_header_names
    return _call(
        "downstream-original-header-names",
        lambda: read_items(lambda size, at: names(request, size, at)),
    )


def asked(function: str, request: "http_req.Request", *, sized: bool = False) -> object:
    """Call a function of `http-downstream` about the client's request; None if the host lacks it.

    Args:
        function: The function's name in the WIT.
        request: The request.
        sized: Whether the function takes a ``max-len``.
    """
    call = getattr(http_downstream, function.replace("-", "_"))
    try:
        if sized:
            return read_sized(lambda size: call(request, size), first=_SHORT)
        return call(request)
    except bindings.Err as err:
        if case_of(err.value) in _LACKING:
            return None
        raise head_error(err.value, f"http-downstream.{function}") from None


def visits(function: str) -> int | None:
    """Call a function of `http-downstream` that counts visits; None if the host lacks it."""
    call: Callable[[], int] = getattr(http_downstream, function.replace("-", "_"))
    try:
        return call()
    except bindings.Err as err:
        if case_of(err.value) in _LACKING:
            return None
        raise head_error(err.value, f"http-downstream.{function}") from None


def handoff(request: "http_req.Request", target: "backend.Backend", *, websocket: bool) -> None:
    """Hand the client's request off to Fanout, or to a backend as a WebSocket."""
    if websocket:
        what, call = "redirect-to-websocket-proxy", request.redirect_to_websocket_proxy
    else:
        what, call = "redirect-to-grip-proxy", request.redirect_to_grip_proxy
    _call(f"http-req.request.{what}", lambda: call(target))


def next_request(timeout_ms: int | None) -> "Incoming | None":
    """Wait for another request to serve; None if none arrives."""
    options = http_downstream.NextRequestOptions(timeout_ms=timeout_ms, extra=None)
    pending = _call("http-downstream.next-request", http_downstream.next_request, None, options)
    return _call("http-downstream.await-request", http_downstream.await_request, None, pending)


def heap_mib() -> int:
    """Read how much memory the sandbox uses."""
    return _call("compute-runtime.get-heap-mib", compute_runtime.get_heap_mib)


def configure(
    request: "http_req.Request",
    cache: "CacheOptions | None",
    *,
    decompress_gzip: bool,
    manual_framing: bool,
) -> None:
    """Set a request's caching, decompression and framing: a call for each that is not default."""
    if cache is not None and cache.lookup_timeout_ms is not None:
        with http_req.ExtraCacheOverrideDetails.new() as extra:
            extra.set_lookup_timeout(cache.lookup_timeout_ms)
            _set_override(request, _override(cache, extra))
    elif cache is not None:
        _set_override(request, _override(cache, None))
    if decompress_gzip:
        gzip = http_types.ContentEncodings.GZIP
        _call("set-auto-decompress-response", lambda: request.set_auto_decompress_response(gzip))
    if manual_framing:
        frame_by_hand(request)


def _set_override(request: "http_req.Request", override: "http_req.CacheOverride") -> None:
    _call("set-cache-override", lambda: request.set_cache_override(override))


def _override(
    cache: "CacheOptions", extra: "http_req.ExtraCacheOverrideDetails | None"
) -> "http_req.CacheOverride":
    if cache.pass_through:
        return http_req.CacheOverride_Pass()
    return http_req.CacheOverride_Override(
        http_req.CacheOverrideDetails(
            ttl=cache.ttl_s,
            stale_while_revalidate=cache.stale_while_revalidate_s,
            pci=cache.pci,
            surrogate_key=cache.surrogate_keys,
            extra=extra,
        )
    )


def frame_by_hand(message: "http_req.Request | http_resp.Response") -> None:
    """Take Content-Length and Transfer-Encoding from the headers."""
    manual = http_types.FramingHeadersMode.MANUALLY_FROM_HEADERS
    _call("set-framing-headers-mode", lambda: message.set_framing_headers_mode(manual))


class Sent(NamedTuple):
    """The facts about a sent request that an error reports."""

    method: str
    url: str
    backend: str

    def failed(self, value: object) -> Exception:
        """Make the exception for the host's error."""
        return send_error(value, method=self.method, url=self.url, backend=self.backend)


def send(
    request: "http_req.Request",
    body: "async_io.Pollable",
    backend: "backend.Backend",
    sent: Sent,
) -> "tuple[http_resp.Response, async_io.Pollable]":
    """Send a request and wait for the head of the response."""
    try:
        return http_req.send(request, body, backend)
    except bindings.Err as err:
        raise sent.failed(err.value) from None


def send_async(
    request: "http_req.Request",
    body: "async_io.Pollable",
    backend: "backend.Backend",
    sent: Sent,
) -> "async_io.Pollable":
    """Send a request without waiting."""
    try:
        return http_req.send_async(request, body, backend)
    except bindings.Err as err:
        raise sent.failed(err.value) from None


def send_streaming(
    request: "http_req.Request",
    body: "async_io.Pollable",
    backend: "backend.Backend",
    sent: Sent,
) -> "async_io.Pollable":
    """Begin to send a request; more can be written to *body*."""
    try:
        return http_req.send_async_streaming(request, body, backend)
    except bindings.Err as err:
        raise sent.failed(err.value) from None


def await_response(
    pending: "async_io.Pollable", sent: Sent
) -> "tuple[http_resp.Response, async_io.Pollable]":
    """Wait for the head of a response."""
    try:
        return http_req.await_response(pending)
    except bindings.Err as err:
        raise sent.failed(err.value) from None


def edit_pending(
    how: str, pending: "async_io.Pollable", name: str, value: str, target: str
) -> None:
    """Change a header of the response that the client gets for a pending response."""
    if target not in {"any", "response", "error"}:
        raise ValueError(f"on must be 'any', 'response' or 'error', not {target!r}")
    kind = http_resp.PendingResponseKind[target.upper()]
    what = f"http-resp.{how}-header-pending"
    if how == "remove":
        _call(what, lambda: http_resp.remove_header_pending(pending, name, kind), name)
        return
    change = http_resp.insert_header_pending
    if how == "append":
        change = http_resp.append_header_pending
    _call(what, lambda: change(pending, name, value.encode("latin-1"), kind), name)


def version_of(message: "http_req.Request | http_resp.Response") -> str:
    """Read a message's HTTP version, such as ``HTTP/1.1``."""
    return _VERSIONS[_call("get-version", message.get_version).name]


def remote_address(response: "http_resp.Response") -> tuple[str, int] | None:
    """Read the address and port of the backend that sent a response."""
    address = address_of(response.get_remote_ip_addr())
    port = response.get_remote_port()
    return None if address is None or port is None else (address, port)


def close_connection(response: "http_resp.Response") -> None:
    """Close the client's connection after a response."""
    mode = http_resp.KeepaliveMode.NO_KEEPALIVE
    _call("set-http-keepalive-mode", lambda: response.set_http_keepalive_mode(mode))


def send_downstream_pending(pending: "async_io.Pollable") -> None:
    """Send the client a pending response when it arrives."""
    _call("http-resp.send-downstream-pending", lambda: http_resp.send_downstream_pending(pending))


def send_downstream(response: "http_resp.Response", body: "async_io.Pollable") -> None:
    """Send the client a response whose body is complete or comes from the host."""
    _call("http-resp.send-downstream", http_resp.send_downstream, None, response, body)


def send_downstream_streaming(response: "http_resp.Response", body: "async_io.Pollable") -> None:
    """Begin the response to the client; more can be written to *body*."""
    _call(
        "http-resp.send-downstream-streaming",
        lambda: http_resp.send_downstream_streaming(response, body),
    )
