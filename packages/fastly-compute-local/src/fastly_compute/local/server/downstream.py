"""The client's side of a request: what came in, and where the answer goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

RawHeaders = Sequence[tuple[str, bytes]]


class BodySource(Protocol):
    """A body that arrives while it is read."""

    def read_chunk(self) -> bytes:
        """Return the next bytes as they came, or b"" at the end."""

    def close(self) -> None:
        """Let go of the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A client's request as it reached the edge.

    Attributes:
        method: Such as ``GET``.
        uri: Absolute, as the guest will see it.
        headers: In order, names in the client's case.
        body: All of it, or its source.
        content_length: What the client declared, where the body is a source.
        version: ``HTTP/1.0``, ``HTTP/1.1`` or ``HTTP/2``.
        client: Address and port of the peer.
        server: Address and port it reached.

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
    """The client does not take the answer any more."""


class Downstream(Protocol):
    """Where the answer of one request goes."""

    def inform(self, status: int, headers: RawHeaders) -> None:
        """Send an informational response ahead of the answer. Raises `ClientGone`."""

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Begin the answer; *length* is None where only its end will tell."""

    def write(self, data: bytes) -> None:
        """Send a part of the body. Raises `ClientGone`."""

    def finish(self, trailers: RawHeaders) -> None:
        """End the answer as complete."""

    def abort(self) -> None:
        """End the answer so that the client sees it is not complete."""


@dataclass(slots=True)
class RecordedResponse:
    """A `Downstream` that keeps the answer, for calls within the process.

    Attributes:
        status: The HTTP status, 0 before there is one.
        headers: In the order sent.
        body: What was sent of it so far.
        trailers: What came after the body.
        complete: Whether it ended as it should.
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
        """Keep an informational response."""
        self.early.append((status, list(headers)))

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Begin the answer."""
        self.status = status
        self.headers = list(headers)

    def write(self, data: bytes) -> None:
        """Keep a part of the body."""
        self.body += data

    def finish(self, trailers: RawHeaders) -> None:
        """Mark the answer as complete."""
        self.trailers = list(trailers)
        self.complete = True

    def abort(self) -> None:
        """Leave the answer incomplete."""
