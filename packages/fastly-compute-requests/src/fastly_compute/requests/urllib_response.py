"""A response as ``urllib3`` has it, for adapters that override ``build_response``."""

from collections.abc import Iterator
from typing import Any

from fastly_compute import http
from fastly_compute.requests.raw import Raw
from fastly_compute.requests.status_codes import PHRASES
from fastly_compute.requests.structures import ReceivedHeaders

_PIECE = 64 * 1024


class _File:
    """A body as a file, which is closed at its end."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._is_at_end = False

    @property
    def closed(self) -> bool:
        """Whether there is nothing left to read."""
        return self._is_at_end or bool(self._body.closed)

    def read(self, size: int | None = -1) -> bytes:
        """Read *size* bytes, or all that is left."""
        if self.closed:
            return b""
        size = -1 if size is None else size
        piece: bytes = self._body.read(size)
        self._is_at_end = size < 0 or len(piece) < size
        return piece

    def close(self) -> None:
        """Release the body."""
        self._body.close()


class _Body:
    """A body that is read through a file, which can be replaced by one that listens."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.file: Any = _File(body)

    @property
    def closed(self) -> bool:
        return bool(self._body.closed)

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self.file.read(None if size < 0 else size)
        return piece

    def iter_bytes(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_PIECE), b"")

    def close(self) -> None:
        self._body.close()


class _Received:
    """A response whose body is read through a file."""

    def __init__(self, received: http.Response) -> None:
        self.status = received.status
        self.headers = received.headers
        self.header_values = received.header_values
        self.body = _Body(received.body)


class UrllibResponse(Raw):
    """A response with what libraries look at in the one of ``urllib3``.

    Args:
        received: The response.

    Attributes:
        received: The response.
        reason: The usual phrase for its status.
        chunked: False: how it came is not known.
        decode_content: Whether reading it unpacks it unless told otherwise.
        length_remaining: None: it is not counted.
    """

    chunked = False
    length_remaining: int | None = None

    def __init__(self, received: http.Response) -> None:
        self.received = received
        through: Any = _Received(received)  # what `Raw` takes for the response
        super().__init__(through)
        self._through: _Body = through.body
        self.reason = PHRASES.get(received.status, "Unknown")
        self._kept_headers: ReceivedHeaders | None = None

    @property
    def headers(self) -> ReceivedHeaders:
        """The response's headers, which can be changed."""
        if self._kept_headers is None:
            self._kept_headers = super().headers
        return self._kept_headers

    @property
    def _fp(self) -> Any:
        """The file that the body is read through; can be set, to one that wraps it."""
        return self._through.file

    @_fp.setter
    def _fp(self, file: Any) -> None:
        self._through.file = file

    def drain_conn(self) -> None:
        """Read the rest, so that the connection can be used again."""
        self.read()
