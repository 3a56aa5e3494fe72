"""The body of a request, as an app reads it."""

from collections.abc import Iterator
from io import BufferedReader

from fastly_compute.http import Body


class Input:
    """A request's body under ``wsgi.input``: read as it arrives, and ended where it ends.

    Args:
        body: The request's body.
    """

    __slots__ = ("_body", "_file")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._file: BufferedReader | None = None

    def _opened(self) -> BufferedReader:
        # The buffer is worth its memory only to an app that reads.
        if self._file is None:
            self._file = self._body.file()
        return self._file

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, or all that is left; fewer only at the end."""
        return self._opened().read(size)

    def readline(self, size: int = -1, /) -> bytes:
        """Return the rest of a line, and no more than so many bytes of it."""
        return self._opened().readline(size)

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """Return the lines that are left; or those until their size has reached the hint."""
        return self._opened().readlines(hint)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._opened())
