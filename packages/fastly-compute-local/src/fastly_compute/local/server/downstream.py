"""The client side of a request: what was received, and where the response goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

RawHeaders = Sequence[tuple[str, bytes]]


class BodySource(Protocol):
    """A body that arrives while it is read."""

    def read_chunk(self) -> bytes:
        """Return the next bytes as they arrived, or b"" at the end."""

    def close(self) -> None:
        """Discard the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A client's request as received by the edge.

    Attributes:
        method: The method, such as ``GET``.
        uri: The absolute URI that the guest sees.
        headers: The headers in order, with the client's spelling of names.
        body: The whole body, or its source.
        content_length: The length that the client declared, if the body is a source.
        version: ``HTTP/1.0``, ``HTTP/1.1`` or ``HTTP/2``.
        client: Address and port of the client.
        server: Address and port that the client connected to.

    Example:
        >>> from fastly_compute.local import Host, Incoming, NativeApp
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         print(request.get_method(8), request.get_uri(80))
        >>> with Host() as host:
        ...     answer = host.request(
        ...         NativeApp(HttpIncoming), Incoming(method="PUT", uri="http://shop.example/lamp")
        ...     )
        PUT http://shop.example/lamp
    """

    method: str = "GET"
    uri: str = "http://localhost/"
    headers: RawHeaders = field(default=(), repr=False)
    body: bytes | BodySource = field(default=b"", repr=False)
    content_length: int | None = None
    version: str = "HTTP/1.1"
    client: tuple[str, int] | None = ("127.0.0.1", 0)
    server: tuple[str, int] | None = ("127.0.0.1", 0)


class ClientGone(ConnectionError):
    """The client no longer accepts the response."""


class Downstream(Protocol):
    """The destination of the response to one request."""

    def inform(self, status: int, headers: RawHeaders) -> None:
        """Send an informational response before the final one. Raises `ClientGone`."""

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Start the response; *length* is None if it is only known at the end."""

    def write(self, data: bytes) -> None:
        """Send a part of the body. Raises `ClientGone`."""

    def finish(self, trailers: RawHeaders) -> None:
        """End the response as complete."""

    def abort(self) -> None:
        """End the response so that the client sees that it is truncated."""


@dataclass(slots=True)
class RecordedResponse:
    """A `Downstream` that records the response, for calls within the process.

    Attributes:
        status: The HTTP status, 0 before there is one.
        headers: The headers in the order sent.
        body: The part of the body sent so far.
        trailers: The trailer fields.
        complete: Whether the response ended normally, not truncated.
        early: The informational responses that came first, each with its status and headers.

    Example:
        >>> from fastly_compute.local import Host, NativeApp
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         pass
        >>> with Host() as host:
        ...     answer = host.request(NativeApp(HttpIncoming))
        >>> answer.status, bytes(answer.body), answer.complete
        (200, b'', True)
    """

    status: int = 0
    headers: list[tuple[str, bytes]] = field(default_factory=list, repr=False)
    body: bytearray = field(default_factory=bytearray, repr=False)
    trailers: list[tuple[str, bytes]] = field(default_factory=list, repr=False)
    complete: bool = False
    early: list[tuple[int, list[tuple[str, bytes]]]] = field(default_factory=list, repr=False)

    def inform(self, status: int, headers: RawHeaders) -> None:
        """Record an informational response."""
        self.early.append((status, list(headers)))

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Start the response."""
        self.status = status
        self.headers = list(headers)

    def write(self, data: bytes) -> None:
        """Record a part of the body."""
        self.body += data

    def finish(self, trailers: RawHeaders) -> None:
        """Mark the response as complete."""
        self.trailers = list(trailers)
        self.complete = True

    def abort(self) -> None:
        """Leave the response incomplete."""
