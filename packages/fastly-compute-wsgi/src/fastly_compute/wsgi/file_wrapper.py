"""Files as response bodies."""

from collections.abc import Iterator

from fastly_compute.http import Body, Readable

_PIECE = 64 * 1024


class FileWrapper:
    """The ``wsgi.file_wrapper``: a file that is read in large pieces, or not at all.

    A host-owned `fastly_compute.http.Body` is passed on to the client without being read.

    Args:
        file: Any object with a ``read`` method.
        block_size: The suggested size of a piece, raised to at least 64 KiB: each piece costs a
            call to the host.
    """

    __slots__ = ("_size", "file")

    def __init__(self, file: "Readable | Body", block_size: int = _PIECE, /) -> None:
        self.file = file
        self._size = max(block_size, _PIECE)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.file.read(self._size):
            yield piece

    def close(self) -> None:
        """Close the file, if it has a ``close`` method."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()
