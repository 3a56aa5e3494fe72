"""The request body, as a WSGI app reads it."""

from collections.abc import Iterator
from io import BufferedReader

from fastly_compute.http import Body


class Input:
    """The ``wsgi.input``: reads the request body as it arrives, and ends at its end.

    Args:
        body: The request's body.
    """

    __slots__ = ("_body", "_file")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._file: BufferedReader | None = None

    def _opened(self) -> BufferedReader:
        # An app that does not read the body should not pay for the buffer.
        if self._file is None:
            self._file = self._body.file()
        return self._file

    def read(self, size: int = -1, /) -> bytes:
        """Return *size* bytes, or all that are left; fewer only at the end."""
        return self._opened().read(size)

    def readline(self, size: int = -1, /) -> bytes:
        """Return the rest of the line, or at most *size* bytes of it."""
        return self._opened().readline(size)

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """Return the remaining lines, or as many as it takes to reach *hint* bytes."""
        return self._opened().readlines(hint)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._opened())
