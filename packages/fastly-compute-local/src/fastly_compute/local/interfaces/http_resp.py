"""`fastly:compute/http-resp`: responses, and answering the client."""

from typing import Self

from componentize_py_types import Err
from wit_world.imports.http_resp import KeepaliveMode, PendingResponseKind
from wit_world.imports.http_types import FramingHeadersMode, HttpVersion
from wit_world.imports.types import (
    Error_GenericError,
    Error_InvalidArgument,
    IpAddress,
)

from fastly_compute.local.downstream import ClientGone
from fastly_compute.local.exchange import Exchange
from fastly_compute.local.interfaces.addresses import ip_address
from fastly_compute.local.interfaces.fields import Message
from fastly_compute.local.interfaces.gunzip import Gunzipped
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.pending_response import PendingResponse
from fastly_compute.local.origin import BodyFailure, OriginResponse
from fastly_compute.local.sandbox import running
from fastly_compute.local.trap import Trap


class Response(Message):
    """A response: a backend's, or one that the guest makes."""

    def __init__(self, status: int = 200) -> None:
        super().__init__()
        self._status = status
        self._remote: tuple[str, int] | None = None

    @classmethod
    def new(cls) -> Self:
        """Make an empty 200."""
        return cls()

    def came_from(self, remote: tuple[str, int] | None) -> None:
        """Remember which address of the backend answered."""
        self._remote = remote

    def get_status(self) -> int:
        """Return the status."""
        return self._status

    def set_status(self, status: int) -> None:
        """Set the status, 100 to 999."""
        if not 100 <= status <= 999:
            raise Err(Error_InvalidArgument())
        self._status = status

    def set_framing_headers_mode(self, mode: FramingHeadersMode) -> None:
        """Choose who writes Content-Length and Transfer-Encoding."""
        self.manual_framing = mode is FramingHeadersMode.MANUALLY_FROM_HEADERS

    def set_http_keepalive_mode(self, mode: KeepaliveMode) -> None:
        """Choose whether the client's connection stays open."""
        if mode is KeepaliveMode.NO_KEEPALIVE:
            self.fields = [f for f in self.fields if f[0].lower() != "connection"]
            self.fields.append(("connection", b"close"))

    def get_remote_ip_addr(self) -> IpAddress | None:
        """Return the address that the response came from."""
        return None if self._remote is None else ip_address(self._remote[0])

    def get_remote_port(self) -> int | None:
        """Return the port that the response came from."""
        return None if self._remote is None else self._remote[1]


def received(answer: OriginResponse, *, decompress: bool) -> tuple[Response, Body]:
    """Make what a guest gets of an origin's response."""
    response = Response(answer.status)
    response.came_from(answer.remote_addr)
    response.fields = list(answer.headers)
    response.version = _VERSIONS[answer.http_version]
    length = response.value("content-length")
    encoding = response.value("content-encoding")
    if decompress and encoding is not None and encoding.lower() in {b"gzip", b"x-gzip"}:
        response.forget("content-encoding", "content-length")
        return response, Body(Gunzipped(answer.body))
    known = int(length) if length is not None and length.isdigit() else None
    return response, Body(answer.body, content_length=known)


_EARLY_HINTS = 103
_OK = 200
_NO_CONTENT = 204
_NOT_MODIFIED = 304
_BAD_GATEWAY = 502
_VERSIONS = {"HTTP/1.0": HttpVersion.HTTP10, "HTTP/1.1": HttpVersion.HTTP11}


def _begin(response: Response, body: Body, length: int | None) -> Exchange | None:
    sandbox = running()
    exchange = sandbox.exchange
    if body.out is not None:
        raise Trap("http-resp.send-downstream: this body is streaming already")
    if exchange.started:
        raise Err(Error_GenericError())
    status = response.get_status()
    if status == _EARLY_HINTS:
        response.take("was already sent")
        try:
            exchange.inform(status, response.end_to_end())
        except ClientGone as gone:
            sandbox.host.log(f"the answer breaks off: {gone}")
        return None
    if status < _OK:
        raise Err(Error_InvalidArgument())
    response.take("was already sent")
    fields = response.framed(length)
    if status == _NO_CONTENT:
        fields = response.end_to_end()
    elif exchange.incoming.method == "HEAD" or status == _NOT_MODIFIED:
        # No body follows, and Content-Length tells what a GET would get (RFC 9110, 8.6).
        fields = response.fields
    try:
        exchange.start(status, fields, length)
        for data in body.chunks():
            exchange.write(data)
    except (ClientGone, BodyFailure) as failure:
        # As on the platform, the guest has let go of the answer and is not told.
        sandbox.host.log(f"the answer breaks off: {failure}")
        exchange.abort()
    finally:
        body.close_sources()
    return exchange


def send_downstream(response: Response, body: Body) -> None:
    """Answer the client with a response whose body is complete or comes from elsewhere."""
    exchange = _begin(response, body, body.length)
    body.take("was already sent")
    if exchange is not None:
        exchange.finish(body.trailers)


def send_downstream_streaming(response: Response, body: Body) -> None:
    """Begin the answer to the client; *body* becomes the way to write on."""
    body.out = _begin(response, body, None)


def send_downstream_pending(handle: PendingResponse) -> None:
    """Answer the client with what an origin answers; where it fails, with a 502."""
    pending = _pending(handle)
    try:
        response, body = received(pending.result(), decompress=pending.decompress)
        kind = PendingResponseKind.RESPONSE
    except Err:
        response, body = Response(_BAD_GATEWAY), Body(b"the backend did not answer\n")
        kind = PendingResponseKind.ERROR
    pending.apply(response, kind)
    send_downstream(response, body)


def insert_header_pending(
    pending: PendingResponse, name: str, value: bytes, target: PendingResponseKind
) -> None:
    """Replace the values of a header in what will go to the client."""
    _check_field(name, value)
    _pending(pending).edit(target, lambda message: message.insert_header(name, value))


def append_header_pending(
    pending: PendingResponse, name: str, value: bytes, target: PendingResponseKind
) -> None:
    """Add a header to what will go to the client."""
    _check_field(name, value)
    _pending(pending).edit(target, lambda message: message.append_header(name, value))


def remove_header_pending(pending: PendingResponse, name: str, target: PendingResponseKind) -> None:
    """Remove a header, where it is there, from what will go to the client."""
    _check_field(name, b"")
    _pending(pending).edit(target, lambda message: message.forget(name))


def _check_field(name: str, value: bytes) -> None:
    Response().insert_header(name, value)


def _pending(handle: object) -> PendingResponse:
    if not isinstance(handle, PendingResponse):
        raise Trap("http-resp was given something else than a pending response")
    return handle


def close(response: Response) -> None:
    """Let go of a response."""
    response.take("is closed")
