"""The socket that `http.client` is given: what is written to it goes to a backend."""

import io
from collections.abc import Callable, Iterator
from typing import NoReturn

from fastly_compute.backend import Backend
from fastly_compute.core import FastlyComputeError
from fastly_compute.http import (
    BodyError,
    CacheOptions,
    ConnectionTerminated,
    PendingResponse,
    ProtocolError,
    Request,
    Response,
    ResponseBodyTooLarge,
    ResponseHeadersTooLarge,
    ResponseIncomplete,
    ResponseStatusInvalid,
    ResponseTimeout,
    SendError,
    StreamingBody,
)
from fastly_compute.urllib3.request_stream import (
    ChunkedBody,
    ContentLengthBody,
    RequestHead,
    parse_head,
)
from fastly_compute.urllib3.response_stream import CONTINUE, as_bytes

# A socket raises these when it is read, and all others when it is connected or written to.
_WHILE_READING = (
    ConnectionTerminated,
    ProtocolError,
    ResponseBodyTooLarge,
    ResponseHeadersTooLarge,
    ResponseIncomplete,
    ResponseStatusInvalid,
    ResponseTimeout,
)
_LARGEST_GATHERED = 64 * 1024
_BUFFER = 64 * 1024


def origin(scheme: str, host: str, port: int) -> str:
    """Write the scheme and authority of the URLs for a host.

    Args:
        scheme: ``http`` or ``https``.
        host: The host's name or address; an IPv6 address with or without brackets.
        port: The port.

    Returns:
        Both, as in ``https://api.example:443``.
    """
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{bracketed}:{port}"


class BackendSocket:
    """Stands in for a connected socket below an `http.client.HTTPConnection`.

    It reads the HTTP/1.1 that is written to it, sends each request to a backend, and is read as a
    server's response would be. Bodies are streamed in both directions.

    Args:
        origin: The scheme and authority, such as ``https://api.example:8443``.
        backend_for: Finds the backend for a URL when a request to it is sent.
        cache: How the cache treats requests.
        translate: Makes the exception that the library above expects of one that occurred.
        timeout: The timeout that `gettimeout` returns at first.
    """

    def __init__(
        self,
        origin: str,
        backend_for: Callable[[str], Backend | str],
        *,
        cache: CacheOptions,
        translate: Callable[[Exception], BaseException],
        timeout: float | None = None,
    ) -> None:
        self._origin = origin
        self._backend_for = backend_for
        self._cache = cache
        self._translate = translate
        self._timeout = timeout
        self._exchange: _Exchange | None = None

    def sendall(self, data: "bytes | bytearray | memoryview", flags: int = 0) -> None:
        """Write a part of a request.

        Args:
            data: The bytes.
            flags: Not used.

        Raises:
            BrokenPipeError: The backend accepts no more of the body; its response says why.
            OSError: The request could not be sent.
            ValueError: The bytes are not an HTTP/1.1 request, or the body does not have the
                length that was announced.
        """
        exchange = self._exchange
        if exchange is None or exchange.is_answered:
            exchange = self._exchange = _Exchange(self)
        try:
            exchange.feed(bytes(data))
        except FastlyComputeError as error:
            exchange.abort()
            raise self._translate(error) from error
        except ValueError:
            exchange.abort()
            raise

    def makefile(self, mode: str = "r", buffering: int | None = None) -> io.RawIOBase:
        """Return a file from which the response is read.

        Args:
            mode: ``rb``.
            buffering: 0 for an unbuffered file.

        Returns:
            The file; closing it discards the rest of the response.
        """
        if mode != "rb":
            raise ValueError(f"mode must be 'rb', not {mode!r}")
        exchange = self._exchange
        if exchange is None:
            raise OSError("nothing to read: no request was sent on this connection")
        raw = _ResponseFile(exchange)
        return raw if buffering == 0 else io.BufferedReader(raw, _BUFFER)  # type: ignore[return-value]

    @property
    def is_readable(self) -> bool:
        """Whether something can be read without waiting."""
        return self._exchange is not None and self._exchange.is_readable

    def settimeout(self, value: float | None) -> None:
        """Set the timeout in seconds of the requests that are sent from now on."""
        self._timeout = value

    def gettimeout(self) -> float | None:
        """Return the timeout in seconds."""
        return self._timeout

    def setsockopt(self, *args: object) -> None:
        """Do nothing: the connections are the host's."""

    def fileno(self) -> NoReturn:
        """Raise an error: the host has the connection, and not this process.

        Raises:
            OSError: Always.
        """
        raise OSError("a connection to a backend has no file descriptor: the host has it")

    def shutdown(self, how: int) -> None:
        """Discard the response that is being read, if there is one."""
        if self._exchange is not None:
            self._exchange.close()

    def close(self) -> None:
        """Abort a request that is not complete, and discard a response that nobody reads.

        One that is being read can still be read from its file.
        """
        if self._exchange is not None and not self._exchange.is_answered:
            self._exchange.abort()
        self._exchange = None


class _Exchange:
    """One request, and its response."""

    def __init__(self, socket: BackendSocket) -> None:
        self._socket = socket
        self._start = b""
        self._head: RequestHead | None = None
        self._request_body: ContentLengthBody | ChunkedBody = ChunkedBody()
        self._gathered: list[bytes] = []
        self._out: StreamingBody | None = None
        self._pending: PendingResponse | None = None
        self._response: Response | None = None
        self._failure: SendError | None = None
        self._unread = b""
        self._pieces: Iterator[bytes] = self._respond()
        self.is_sent = False
        self.is_answered = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the request."""
        if self._head is None:
            start, end, data = (self._start + data).partition(b"\r\n\r\n")
            if not end:
                self._start = start
                return
            self._begin(parse_head(start, self._socket._origin))
        if self.is_sent:
            if data:
                raise ValueError("the request's body is longer than its Content-Length")
            return
        for piece in self._request_body.feed(data):
            if self._out is None:
                self._gathered.append(piece)
            else:
                self._write(piece)
        if self._request_body.is_complete:
            self._finish()

    def _begin(self, head: RequestHead) -> None:
        self._head = head
        if head.expects_continue:
            self._unread = CONTINUE
        if head.length is None:
            self._request_body = ChunkedBody()
        else:
            self._request_body = ContentLengthBody(head.length)
        if head.length is not None and head.length <= _LARGEST_GATHERED:
            return
        fields = head.headers
        if head.length is not None:
            fields = [*fields, ("Content-Length", str(head.length))]
        request, backend = self._request(fields, None, manual_framing=head.length is not None)
        self._out, self._pending = request.send_streaming(backend)

    def _request(
        self, fields: list[tuple[str, str]], body: bytes | None, *, manual_framing: bool = False
    ) -> tuple[Request, Backend | str]:
        assert self._head is not None  # noqa: S101 - for the type checker
        socket = self._socket
        url = socket._origin + self._head.target
        request = Request(
            self._head.method,
            url,
            headers=fields,
            body=body,
            cache=socket._cache,
            manual_framing=manual_framing,
        )
        return request, socket._backend_for(url)

    def _write(self, piece: bytes) -> None:
        assert self._out is not None  # noqa: S101 - for the type checker
        try:
            self._out.write(piece)
        except BodyError as error:
            self._no_more(error)

    def _finish(self) -> None:
        assert self._head is not None  # noqa: S101 - for the type checker
        try:
            if self._out is None:
                request, backend = self._request(self._head.headers, b"".join(self._gathered))
                self._response = request.send(backend)
            else:
                self._end_body(self._out)
                self._response = self._wait()
        except _WHILE_READING as error:
            self._failure = error
        self.is_sent = True

    def _end_body(self, out: StreamingBody) -> None:
        try:
            out.finish()
        except BodyError as error:
            self._no_more(error)

    def _wait(self) -> Response:
        pending, self._pending = self._pending, None
        if pending is None:
            raise ValueError("the request is not complete: its body is shorter than announced")
        return pending.wait()

    def _no_more(self, error: BodyError) -> NoReturn:
        """Stop to send: the backend's response, or the lack of one, says why."""
        assert self._out is not None  # noqa: S101 - for the type checker
        self._out.close()
        self.is_sent = True
        raise BrokenPipeError(32, "the backend accepts no more of the request's body") from error

    @property
    def is_readable(self) -> bool:
        return bool(self._unread) or self._response is not None

    def read(self, size: int) -> bytes:
        """Read up to that many bytes of the response; none at its end."""
        if not self._unread:
            try:
                self._unread = next(self._pieces, b"")
            except FastlyComputeError as error:
                self.close()
                raise self._socket._translate(error) from error
        piece, self._unread = self._unread[:size], self._unread[size:]
        return piece

    def _respond(self) -> Iterator[bytes]:
        if self._head is None or not self.is_sent:
            self.abort()
            raise ValueError("the request is not complete: its body is shorter than announced")
        self.is_answered = True
        if self._failure is not None:
            raise self._failure
        if self._response is None:
            self._response = self._wait()
        yield from as_bytes(self._response, self._head.method)
        self._response.close()

    def abort(self) -> None:
        """Give up a request, so that the backend does not take a part for the whole."""
        self.is_sent = self.is_answered = True
        if self._out is not None:
            self._out.close()
        if self._pending is not None:
            self._pending.close()
        self.close()

    def close(self) -> None:
        """Discard the rest of the response."""
        self._unread = b""
        self._pieces = iter(())
        if self._response is not None:
            self._response.close()


class _ResponseFile(io.RawIOBase):
    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._exchange.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        # A file that was opened to read "100 Continue" leaves the response to the next one.
        if not self.closed and self._exchange.is_answered:
            self._exchange.close()
        super().close()
