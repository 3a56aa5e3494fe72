"""`fastly:compute/http-resp`: responses, and sending them to the client."""

from functools import partial
from typing import Self

from componentize_py_types import Err
from wit_world.imports.http_resp import KeepaliveMode, PendingResponseKind
from wit_world.imports.http_types import FramingHeadersMode, HttpVersion
from wit_world.imports.types import (
    Error_GenericError,
    Error_InvalidArgument,
    IpAddress,
)

from fastly_compute.local.interfaces.addresses import ip_address
from fastly_compute.local.interfaces.fields import Message
from fastly_compute.local.interfaces.gunzip import Gunzipped
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.pending_response import PendingResponse
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.server.downstream import ClientGone, RawHeaders
from fastly_compute.local.transport import BodyFailure, OriginResponse


class Response(Message):
    """A response: a backend's, or one that the guest creates.

    Attributes:
        status: The status, available even after the guest has sent the response.
        remote: The address that it came from.
    """

    def __init__(self, status: int = 200) -> None:
        super().__init__()
        self.status = status
        self.remote: tuple[str, int] | None = None

    @classmethod
    def new(cls) -> Self:
        """Make an empty response with status 200."""
        return cls()

    @classmethod
    def of(cls, answer: OriginResponse) -> "Response":
        """Make a response from an origin's."""
        response = cls(answer.status)
        response.remote = answer.remote_addr
        response.fields = list(answer.headers)
        response.version = _VERSIONS[answer.http_version]
        return response

    def copied(self, status: int, fields: RawHeaders) -> "Response":
        """Make a response like this one, with another status and other header fields."""
        copy = Response(status)
        copy.version, copy.remote = self.version, self.remote
        copy.fields = list(fields)
        return copy

    def get_status(self) -> int:
        """Return the status."""
        return self.status

    def set_status(self, status: int) -> None:
        """Set the status, 100 to 999."""
        if not 100 <= status <= 999:
            raise Err(Error_InvalidArgument())
        self.status = status

    def set_framing_headers_mode(self, mode: FramingHeadersMode) -> None:
        """Set who writes Content-Length and Transfer-Encoding."""
        self.manual_framing = mode is FramingHeadersMode.MANUALLY_FROM_HEADERS

    def set_http_keepalive_mode(self, mode: KeepaliveMode) -> None:
        """Set whether the client's connection stays open."""
        if mode is KeepaliveMode.NO_KEEPALIVE:
            self._remove("connection")
            self._append("connection", b"close")

    def get_remote_ip_addr(self) -> IpAddress | None:
        """Return the address that the response came from."""
        return None if self.remote is None else ip_address(self.remote[0])

    def get_remote_port(self) -> int | None:
        """Return the port that the response came from."""
        return None if self.remote is None else self.remote[1]


def received(
    answer: OriginResponse, *, decompress: bool, outlives: bool = False
) -> tuple[Response, Body]:
    """Make the guest's view of an origin's response.

    Args:
        answer: The response.
        decompress: Whether to decompress gzip.
        outlives: Whether its body is read even after the sandbox has ended.
    """
    response = Response.of(answer)
    length = response.value("content-length")
    encoding = response.value("content-encoding")
    if decompress and encoding in {b"gzip", b"x-gzip"}:
        response.forget("content-encoding", "content-length")
        return response, Body(Gunzipped(answer.body), outlives=outlives)
    known = int(length) if length is not None and length.isdigit() else None
    return response, Body(answer.body, content_length=known, outlives=outlives)


_AT_ONCE = 1 << 16
"""Most bytes of a body that are sent to the client while the guest waits."""

_EARLY_HINTS = 103
_OK = 200
_NO_CONTENT = 204
_NOT_MODIFIED = 304
_BAD_GATEWAY = 502
_VERSIONS = {"HTTP/1.0": HttpVersion.HTTP10, "HTTP/1.1": HttpVersion.HTTP11}


def _answering(body: Body) -> Exchange:
    exchange = running().exchange
    if body.out is not None:
        raise Trap("http-resp.send-downstream: the body is already streaming")
    if exchange.started:
        raise Err(Error_GenericError())
    return exchange


def _inform(exchange: Exchange, response: Response) -> bool:
    """Send the response if it is an informational one, and return whether it was."""
    status = response.status
    if status < _OK and status != _EARLY_HINTS:
        raise Err(Error_InvalidArgument())
    response.take("was already sent")
    if status != _EARLY_HINTS:
        return False
    try:
        exchange.inform(status, response.end_to_end())
    except ClientGone as gone:
        running().host.log(f"the response was cut short: {gone}")
    return True


def _start(exchange: Exchange, response: Response, body: Body, length: int | None) -> bool:
    """Send the head and the available part of the body, and return whether that succeeded."""
    status = response.status
    fields: RawHeaders = response.framed(length)
    if status == _NO_CONTENT:
        fields = response.end_to_end()
    elif exchange.incoming.method == "HEAD" or status == _NOT_MODIFIED:
        # No body follows, and Content-Length is what a GET would return (RFC 9110, 8.6).
        fields = response.fields
    try:
        exchange.start(status, fields, length)
        for data in body.chunks():
            exchange.write(data)
    except (ClientGone, BodyFailure) as failure:
        # As on the platform, the guest has given the response away and does not find out.
        running().host.log(f"the response was cut short: {failure}")
        exchange.abort()
        return False
    finally:
        body.close_sources()
    return True


def _deliver(exchange: Exchange, response: Response, body: Body) -> None:
    if _start(exchange, response, body, body.length):
        exchange.finish(body.trailers)


def send_downstream(response: Response, body: Body) -> None:
    """Send a response whose body is complete or comes from elsewhere."""
    exchange = _answering(body)
    informed = _inform(exchange, response)
    body.take("was already sent")
    if informed:
        body.close_sources()
    elif body.in_memory and (body.length or 0) <= _AT_ONCE:
        _deliver(exchange, response, body)
    else:
        body.outlive()
        exchange.run_on_client_thread(partial(_deliver, exchange, response, body))


def send_downstream_streaming(response: Response, body: Body) -> None:
    """Start sending a response; the guest then writes the rest of *body*."""
    exchange = _answering(body)
    if not _inform(exchange, response):
        with running().untimed():
            _start(exchange, response, body, None)
        body.stream_to(exchange)


def send_downstream_pending(handle: PendingResponse) -> None:
    """Send the response of an origin, or a 502 if it fails."""
    pending = _pending(handle)
    exchange = running().exchange
    if exchange.started:
        raise Err(Error_GenericError())
    pending.take("was already sent")
    pending.outlive()

    def deliver() -> None:
        try:
            answer = pending.response()
            response, body = received(answer, decompress=pending.decompress, outlives=True)
            kind = PendingResponseKind.RESPONSE
        except Err:
            response, body = Response(_BAD_GATEWAY), Body(b"the backend did not respond\n")
            kind = PendingResponseKind.ERROR
        pending.apply(response, kind)
        _deliver(exchange, response, body)

    exchange.run_on_client_thread(deliver)


def insert_header_pending(
    pending: PendingResponse, name: str, value: bytes, target: PendingResponseKind
) -> None:
    """Replace the values of a header in the response that will be sent to the client."""
    _check_field(name, value)
    _pending(pending).edit(target, lambda message: Message.insert_header(message, name, value))


def append_header_pending(
    pending: PendingResponse, name: str, value: bytes, target: PendingResponseKind
) -> None:
    """Add a header to the response that will be sent to the client."""
    _check_field(name, value)
    _pending(pending).edit(target, lambda message: Message.append_header(message, name, value))


def remove_header_pending(pending: PendingResponse, name: str, target: PendingResponseKind) -> None:
    """Remove a header, if present, from the response that will be sent to the client."""
    _check_field(name, b"")
    _pending(pending).edit(target, lambda message: message.forget(name))


def _check_field(name: str, value: bytes) -> None:
    Response().insert_header(name, value)


def _pending(handle: object) -> PendingResponse:
    if not isinstance(handle, PendingResponse):
        raise Trap("http-resp was given something other than a pending response")
    return handle


def close(response: Response) -> None:
    """Close a response."""
    response.take("is closed")
