"""The bindings of the HTTP interfaces, with their errors turned into this package's."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from fastly_compute.core import bindings, read_items, read_sized
from fastly_compute.http.errors import BodyNotTaken, body_error, head_error
from fastly_compute.http.send_errors import send_error

if TYPE_CHECKING:
    from wit_world.imports import async_io, backend, http_body, http_downstream, http_req, http_resp
else:
    http_body = bindings.interface("http_body")
    http_downstream = bindings.interface("http_downstream")
    http_req = bindings.interface("http_req")
    http_resp = bindings.interface("http_resp")

T = TypeVar("T")

PIECE = 64 * 1024
"""How many bytes are read at once."""

_WRITE = 256 * 1024  # a host that takes little at a time must not have the whole copied each time
_SHORT = 256


def _call(operation: str, function: Callable[[], T], subject: str | None = None) -> T:
    try:
        return function()
    except bindings.Err as err:
        raise head_error(err.value, operation, subject=subject) from err


def failed() -> Exception:
    """Make the error that a handler ends with when it could not answer."""
    return bindings.Err(None)


def drop(resource: "http_req.Request | http_resp.Response | async_io.Pollable") -> None:
    """Release what the host owns; a body that is being streamed is aborted."""
    resource.__exit__(None, None, None)


def new_request(method: str, url: str, fields: Iterable[tuple[str, str]]) -> "http_req.Request":
    """Make a request: one call each for itself, its method, its URL and each field."""
    request = _call("http-req.request.new", http_req.Request.new)
    try:
        _call("http-req.request.set-method", lambda: request.set_method(method), method)
        _call("http-req.request.set-uri", lambda: request.set_uri(url), url.partition("?")[0])
        _append_fields(request, fields)
    except BaseException:
        drop(request)
        raise
    return request


def new_response(status: int, fields: Iterable[tuple[str, str]]) -> "http_resp.Response":
    """Make a response: one call each for itself, its status and each field."""
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
            raise head_error(err.value, "append-header", subject=name) from err


def read_fields(message: "http_req.Request | http_resp.Response") -> list[tuple[str, str]]:
    """Read all fields: one call for the names, one for the values of each."""
    names = _call("get-header-names", lambda: read_items(message.get_header_names))
    fields: list[tuple[str, str]] = []
    for name in dict.fromkeys(names):
        values = _call(
            "get-header-values",
            lambda: read_items(
                lambda size, cursor: message.get_header_values(name, size, cursor)  # noqa: B023 - called at once
            ),
            name,
        )
        fields += [(name, value.decode("latin-1")) for value in values]
    return fields


def set_field(response: "http_resp.Response", name: str, values: list[str]) -> None:
    """Replace the values of one field; none removes it."""
    if not values:
        _call("http-resp.response.remove-header", lambda: response.remove_header(name), name)
        return
    joined = b"".join(value.encode("latin-1") + b"\0" for value in values)
    _call(
        "http-resp.response.set-header-values",
        lambda: response.set_header_values(name, joined),
        name,
    )


def get_status(response: "http_resp.Response") -> int:
    """Read a response's status."""
    return _call("http-resp.response.get-status", response.get_status)


def set_status(response: "http_resp.Response", status: int) -> None:
    """Set a response's status."""
    _call("http-resp.response.set-status", lambda: response.set_status(status), str(status))


def get_method(request: "http_req.Request") -> str:
    """Read a request's method."""
    return _call(
        "http-req.request.get-method", lambda: read_sized(request.get_method, first=_SHORT)
    )


def get_url(request: "http_req.Request") -> str:
    """Read a request's URL."""
    return _call("http-req.request.get-uri", lambda: read_sized(request.get_uri))


def client_address(request: "http_req.Request") -> str | None:
    """Read the client's address."""
    address = http_downstream.downstream_client_ip_addr(request)
    if address is None:
        return None
    parts = address.value
    if len(parts) == 4:
        return ".".join(map(str, parts))
    return str(ipaddress.IPv6Address(b"".join(part.to_bytes(2, "big") for part in parts)))


def request_id(request: "http_req.Request") -> str:
    """Read the identifier that the host gave the client's request."""
    return _call(
        "http-downstream.downstream-client-request-id",
        lambda: read_sized(
            lambda size: http_downstream.downstream_client_request_id(request, size), first=_SHORT
        ),
    )


def new_body() -> "async_io.Pollable":
    """Make an empty body."""
    try:
        return http_body.new()
    except bindings.Err as err:
        raise body_error(err.value, "http-body.new") from err


def read(body: "async_io.Pollable", size: int) -> bytes:
    """Read up to *size* bytes, waiting for at least one; none at all is the end."""
    try:
        return http_body.read(body, size)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.read") from err


def write(body: "async_io.Pollable", data: bytes) -> None:
    """Write all of *data*, going on behind what the host took each time."""
    at = 0
    while at < len(data):
        piece = data[at : at + _WRITE]
        try:
            taken = http_body.write(body, piece)
        except bindings.Err as err:
            raise body_error(err.value, "http-body.write") from err
        if taken == 0:
            raise BodyNotTaken("http-body.write", case="generic-error")
        at += taken


def append(body: "async_io.Pollable", more: "async_io.Pollable") -> None:
    """Move *more* to the end of *body*, unread."""
    try:
        http_body.append(body, more)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.append") from err


def finish(body: "async_io.Pollable") -> None:
    """End a body that is being streamed, as complete."""
    try:
        http_body.close(body)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.close") from err


def send(
    request: "http_req.Request",
    body: "async_io.Pollable",
    backend: "backend.Backend",
    *,
    method: str,
    url: str,
    name: str,
) -> "tuple[http_resp.Response, async_io.Pollable]":
    """Send a request and wait for the head of the response."""
    try:
        return http_req.send(request, body, backend)
    except bindings.Err as err:
        raise send_error(err.value, method=method, url=url, backend=name) from err


def send_downstream(response: "http_resp.Response", body: "async_io.Pollable") -> None:
    """Answer the client with a body that is complete or comes from elsewhere."""
    _call("http-resp.send-downstream", lambda: http_resp.send_downstream(response, body))


def send_downstream_streaming(response: "http_resp.Response", body: "async_io.Pollable") -> None:
    """Begin the answer to the client; *body* is written on from here."""
    _call(
        "http-resp.send-downstream-streaming",
        lambda: http_resp.send_downstream_streaming(response, body),
    )
