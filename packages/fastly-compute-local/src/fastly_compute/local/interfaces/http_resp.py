"""`fastly:compute/http-resp`: responses, and answering the client."""

from typing import Self

from componentize_py_types import Err
from wit_world.imports.http_resp import KeepaliveMode
from wit_world.imports.http_types import FramingHeadersMode
from wit_world.imports.types import (
    Error_GenericError,
    Error_InvalidArgument,
    IpAddress,
)

from fastly_compute.local.downstream import ClientGone, Tracked
from fastly_compute.local.interfaces.addresses import ip_address
from fastly_compute.local.interfaces.fields import Message
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.origin import BodyFailure
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


_OK = 200
_NO_CONTENT = 204
_NOT_MODIFIED = 304


def _begin(response: Response, body: Body, length: int | None) -> Tracked:
    sandbox = running()
    if body.out is not None:
        raise Trap("http-resp.send-downstream: this body is already streaming to the client")
    if sandbox.downstream.started:
        raise Err(Error_GenericError())
    status = response.get_status()
    if status < _OK:
        raise Err(Error_InvalidArgument())
    response.take("was already sent")
    fields = response.framed(length)
    if status == _NO_CONTENT:
        fields = response.end_to_end()
    elif sandbox.incoming.method == "HEAD" or status == _NOT_MODIFIED:
        # No body follows, and Content-Length tells what a GET would get (RFC 9110, 8.6).
        fields = response.fields
    try:
        sandbox.downstream.start(status, fields, length)
        for data in body.chunks():
            sandbox.downstream.write(data)
    except (ClientGone, BodyFailure) as failure:
        # As on the platform, the guest has let go of the answer and is not told.
        sandbox.host.log(f"the answer breaks off: {failure}")
        sandbox.downstream.abort()
    finally:
        body.close_sources()
    return sandbox.downstream


def send_downstream(response: Response, body: Body) -> None:
    """Answer the client with a response whose body is complete or comes from elsewhere."""
    downstream = _begin(response, body, body.length)
    body.take("was already sent")
    downstream.finish(body.trailers)


def send_downstream_streaming(response: Response, body: Body) -> None:
    """Begin the answer to the client; *body* becomes the way to write on."""
    body.out = _begin(response, body, None)


def close(response: Response) -> None:
    """Let go of a response."""
    response.take("is closed")
