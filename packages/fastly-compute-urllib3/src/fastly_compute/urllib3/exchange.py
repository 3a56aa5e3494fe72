"""One HTTP request, from the bytes that are written to a socket, and its response."""

import errno
import io
from collections.abc import Callable, Iterator

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
from fastly_compute.urllib3.request_stream import ChunkedBody, ContentLengthBody, RequestHead
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


class Exchange:
    """A request that is sent as it is written, and the response to it.

    A short body whose length is known is gathered, and sent as a whole; any other is streamed.

    Args:
        head: The request line and headers.
        url: The URL.
        backend_for: Finds the backend for a URL.
        cache: How the cache treats the request.
        translate: Makes the exception that the library above expects of one that occurred.

    Attributes:
        is_answered: Whether the response was asked for, or the request aborted.
    """

    def __init__(
        self,
        head: RequestHead,
        url: str,
        backend_for: Callable[[str], Backend | str],
        cache: CacheOptions,
        translate: Callable[[Exception], BaseException],
    ) -> None:
        self._head = head
        self._url = url
        self._backend_for = backend_for
        self._cache = cache
        self._translate = translate
        self._gathered: list[bytes] = []
        self._out: StreamingBody | None = None
        self._pending: PendingResponse | None = None
        self._response: Response | None = None
        self._failure: SendError | None = None
        self._no_more: BodyError | None = None
        self._is_sent = False
        self.is_answered = False
        self._unread = CONTINUE if head.expects_continue else b""
        self._pieces: Iterator[bytes] = self._respond()
        self._body: ContentLengthBody | ChunkedBody
        if head.length is None:
            self._body = ChunkedBody()
            self._stream(head.headers, manual_framing=False)
        else:
            self._body = ContentLengthBody(head.length)
            if head.length > _LARGEST_GATHERED:
                length = ("Content-Length", str(head.length))
                self._stream([*head.headers, length], manual_framing=True)

    def _stream(self, fields: list[tuple[str, str]], *, manual_framing: bool) -> None:
        request = Request(
            self._head.method,
            self._url,
            headers=fields,
            cache=self._cache,
            manual_framing=manual_framing,
        )
        self._out, self._pending = request.send_streaming(self._backend_for(self._url))

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            BrokenPipeError: The backend accepts no more of it; its response says why.
            FastlyComputeError: The request could not be sent.
            ValueError: The bytes are not framed as announced.
        """
        if self._no_more is not None:
            raise _broken_pipe() from self._no_more
        if self._is_sent:
            if data:
                raise ValueError("the request's body is longer than its Content-Length")
            return
        out = self._out
        try:
            for piece in self._body.feed(data):
                if out is None:
                    self._gathered.append(piece)
                else:
                    out.write(piece)
            if out is not None and self._body.is_complete:
                out.finish()
        except BodyError as error:
            self._no_more = error
            if out is not None:
                out.close()
            raise _broken_pipe() from error
        if self._body.is_complete:
            self._receive()

    def _receive(self) -> None:
        """Wait for the response, so that errors of connecting are raised before it is read."""
        try:
            if self._pending is not None:
                self._response = self._pending.wait()
            else:
                request = Request(
                    self._head.method,
                    self._url,
                    headers=self._head.headers,
                    body=b"".join(self._gathered),
                    cache=self._cache,
                )
                self._response = request.send(self._backend_for(self._url))
        except _WHILE_READING as error:
            self._failure = error
        self._is_sent = True

    @property
    def is_readable(self) -> bool:
        """Whether something can be read without waiting."""
        return bool(self._unread) or self._response is not None

    def read(self, size: int) -> bytes:
        """Read up to that many bytes of the response; none at its end.

        Raises:
            OSError: No response arrived, or not all of it; or another exception that the library
                above expects.
            ValueError: The request is not complete.
        """
        if not self._unread:
            try:
                self._unread = next(self._pieces, b"")
            except FastlyComputeError as error:
                self.close()
                raise self._translate(error) from error
        piece, self._unread = self._unread[:size], self._unread[size:]
        return piece

    def _respond(self) -> Iterator[bytes]:
        if self._no_more is not None:
            self._receive()
        if not self._is_sent:
            self.abort()
            raise ValueError("the request is not complete: its body is shorter than announced")
        self.is_answered = True
        if self._failure is not None:
            raise self._failure
        if self._response is not None:
            yield from as_bytes(self._response, self._head.method)
            self._response.close()

    def abort(self) -> None:
        """Give up the request, so that the backend does not take a part for the whole."""
        self.is_answered = True
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


def _broken_pipe() -> BrokenPipeError:
    return BrokenPipeError(errno.EPIPE, "the backend accepts no more of the request's body")


class ResponseFile(io.RawIOBase):
    """The bytes of a response, unbuffered; closing it discards the rest."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer."""
        piece = self._exchange.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Discard the rest of the response, if it was read at all."""
        # A file that was opened to read "100 Continue" leaves the response to the next one.
        if not self.closed and self._exchange.is_answered:
            self._exchange.close()
        super().close()
