"""The pieces that a body is made of: those of a file, or of an iterable."""

from collections.abc import Iterator
from typing import Protocol

from fastly_compute.http import _wit_body

BYTES = bytes | bytearray | memoryview


class Readable(Protocol):
    """A binary file, or any object with the same ``read`` method.

    Example:
        >>> from io import BytesIO
        >>> from fastly_compute.http import Body, Readable
        >>> file: Readable = BytesIO(b"hello")
        >>> Body(file).read()
        b'hello'
    """

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes; an empty result is the end."""


def pieces_of(file: Readable) -> Iterator[bytes]:
    """Yield the pieces of a file as they are read."""
    # A non-blocking file may return None, which is not the end: it is refused as a piece.
    while (piece := file.read(_wit_body.PIECE)) or piece is None:
        yield piece


def checked_piece(piece: object) -> bytes:
    """Return a piece that a body's iterable yielded as bytes; raises `TypeError`."""
    if not isinstance(piece, BYTES):
        raise TypeError(f"each piece of a body must be bytes, not {type(piece).__name__}")
    return bytes(piece)
