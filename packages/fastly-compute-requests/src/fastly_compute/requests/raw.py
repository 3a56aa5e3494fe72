"""The body of a response as a file: what ``requests`` gets from ``urllib3``."""

import io
from collections.abc import Callable, Iterator
from typing import TypeVar

from fastly_compute import http
from fastly_compute.requests.exceptions import translated
from fastly_compute.requests.structures import ReceivedHeaders

T = TypeVar("T")


def _tried(read: Callable[[], T]) -> T:
    try:
        return read()
    except http.HttpError as error:
        raise translated(error) from error


def headers_of(received: http.Response) -> ReceivedHeaders:
    """Read the headers of a response.

    Raises:
        RequestException: The host does not give them.
    """
    return _tried(lambda: ReceivedHeaders(received.headers))


class Raw(io.RawIOBase):
    """A response's body as a binary file, each byte of which is read once.

    Attributes:
        status: The response's status.
        headers: Its headers, with `ReceivedHeaders.getlist`.
        version: 11, as HTTP/1.1: which one it was is not known.
    """

    version = 11

    def __init__(self, received: http.Response) -> None:
        self._received = received
        self.status = received.status

    @property
    def headers(self) -> ReceivedHeaders:
        """The response's headers."""
        return headers_of(self._received)

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1, decode_content: bool | None = None) -> bytes:
        """Read *size* bytes, or all that is left.

        Args:
            size: How many; negative or None for all.
            decode_content: Without effect: what is compressed was unpacked by the platform.

        Returns:
            Exactly so many, and fewer only at the end, where there are none.

        Raises:
            ChunkedEncodingError: The connection was closed before the body's end.
            ConnectionError: Reading failed, or the time between bytes ran out.
        """
        body = self._received.body
        if body.closed:
            return b""
        return _tried(lambda: body.read(-1 if size is None else size))

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
            while piece := self.read(amt):
                yield piece
        elif not self._received.body.closed:
            pieces = self._received.body.iter_bytes()
            while piece := _tried(lambda: next(pieces, b"")):
                yield piece

    def release_conn(self) -> None:
        """Do nothing: the platform knows when a connection is free."""

    def close(self) -> None:
        """Release the body. What was not read of it cannot be read any more."""
        self._received.body.close()
        super().close()
