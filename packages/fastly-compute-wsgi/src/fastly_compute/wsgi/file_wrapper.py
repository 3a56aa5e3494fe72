"""Files as the body of an answer."""

from collections.abc import Iterator

from fastly_compute.http import Body, Readable

_PIECE = 64 * 1024


class FileWrapper:
    """An app's file under ``wsgi.file_wrapper``: read in large pieces, or not at all.

    A `fastly_compute.http.Body` goes on to the client unread, if it is the host's.

    Args:
        file: Anything with ``read``.
        block_size: A hint at the size of a piece, which is 64 KiB at least: each costs a call.
    """

    __slots__ = ("_size", "file")

    def __init__(self, file: "Readable | Body", block_size: int = _PIECE, /) -> None:
        self.file = file
        self._size = max(block_size, _PIECE)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.file.read(self._size):
            yield piece

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()
