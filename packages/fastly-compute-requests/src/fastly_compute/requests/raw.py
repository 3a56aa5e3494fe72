"""The body of a response as a file: what ``requests`` gets from ``urllib3``."""

import io
from collections.abc import Callable, Iterator
from typing import TypeVar

from fastly_compute import http
from fastly_compute.requests.decoding import decoded
from fastly_compute.requests.exceptions import ContentDecodingError, translated
from fastly_compute.requests.structures import ReceivedHeaders

T = TypeVar("T")


def _tried(read: Callable[[], T]) -> T:
    try:
        return read()
    except http.HttpError as error:
        raise translated(error) from error


def values_of(received: http.Response, name: str) -> list[str]:
    """Read every value of one header; the others stay with the host, if they were not read.

    Raises:
        RequestException: The host does not give them.
    """
    return _tried(lambda: received.header_values(name))


def whole(received: http.Response) -> bytes:
    """Read a body to its end, with its codings taken off: what a `Raw` does in steps.

    Raises:
        RequestException: As for `Raw.read`.
    """
    body = received.body
    try:
        codings = ", ".join(received.header_values("content-encoding"))
        pieces = decoded(body.iter_bytes(), codings) if codings else None
        return body.read() if pieces is None else b"".join(pieces)
    except http.HttpError as error:
        raise translated(error) from error
    except ContentDecodingError:
        body.close()
        raise


class Raw(io.RawIOBase):
    """A response's body as a binary file, each byte of which is read once.

    As in ``urllib3``, reading returns the undecoded body, with its Content-Encoding, unless
    decoding is requested. A Response that gets this file as its body passes it on like that.

    Attributes:
        status: The response's status.
        headers: Its headers, with `ReceivedHeaders.getlist`.
        version: 11, as HTTP/1.1: which one it was is not known.
        decode_content: Whether a read that does not say so decodes.
    """

    version = 11

    def __init__(self, received: http.Response) -> None:
        self._received = received
        self._decoded: http.Body | None = None
        self._coding_is_known = False
        self.status = received.status
        self.decode_content = False

    @property
    def headers(self) -> ReceivedHeaders:
        """The response's headers, with `ReceivedHeaders.getlist`."""
        return _tried(lambda: ReceivedHeaders(self._received.headers))

    @property
    def _is_gone(self) -> bool:
        return (self._decoded or self._received.body).closed

    def readable(self) -> bool:
        """Return True."""
        return True

    def _body(self, decode_content: bool | None) -> http.Body:
        if not (self.decode_content if decode_content is None else decode_content):
            if self._decoded is not None and not self._received.body.closed:
                raise RuntimeError(
                    "Calling read(decode_content=False) is not supported after "
                    "read(decode_content=True) was called."
                )
            return self._received.body
        if not self._coding_is_known:
            codings = ", ".join(values_of(self._received, "content-encoding"))
            if codings and not self._received.body.closed:
                pieces = decoded(self._received.body.iter_bytes(), codings)
                self._decoded = None if pieces is None else http.Body(pieces)
            self._coding_is_known = True
        return self._decoded or self._received.body

    def _reading(self, read: Callable[[], T]) -> T:
        try:
            return _tried(read)
        except ContentDecodingError:
            self._received.body.close()
            raise

    def read(self, amt: int | None = -1, decode_content: bool | None = None) -> bytes:
        """Read *amt* bytes, or all that is left.

        Args:
            amt: How many; negative or None for all.
            decode_content: Whether to take gzip and deflate off; None for what the attribute says.

        Returns:
            Exactly that many; fewer only at the end, where it is empty.

        Raises:
            ChunkedEncodingError: The connection was closed before the body's end.
            ConnectionError: Reading failed, or the time between bytes ran out.
            ContentDecodingError: The body is not what Content-Encoding says.
            RuntimeError: Part of it was decoded, and the rest is wanted without that.
        """

        def read() -> bytes:
            body = self._body(decode_content)
            return b"" if body.closed else body.read(-1 if amt is None else amt)

        return self._reading(read)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer, and return how many bytes there are."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def stream(
        self, amt: int | None = 2**16, decode_content: bool | None = None
    ) -> Iterator[bytes]:
        """Read to the end in pieces of *amt* bytes; None for pieces as they come."""
        if amt is not None:
            while piece := self.read(amt, decode_content):
                yield piece
            return
        body = self._reading(lambda: self._body(decode_content))
        if not body.closed:
            pieces = body.iter_bytes()
            while piece := self._reading(lambda: next(pieces, b"")):
                yield piece

    def release_conn(self) -> None:
        """Do nothing: the platform knows when a connection is free."""

    def close(self) -> None:
        """Release the body. What was not read of it cannot be read any more."""
        if self._decoded is not None:
            self._decoded.close()
        self._received.body.close()
        super().close()
