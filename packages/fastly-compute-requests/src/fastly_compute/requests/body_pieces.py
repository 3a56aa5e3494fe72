"""A request's body in the pieces in which it is sent."""

from collections.abc import Iterable, Iterator
from typing import Any

_PIECE = 64 * 1024
WHOLE = (str, bytes, bytearray, memoryview, type(None))
"""The types of a body that is not a stream."""


def is_file(data: object) -> bool:
    """Tell whether a body is read like a file."""
    return callable(getattr(data, "read", None))


def pieces_of(body: Any) -> bytes | Iterator[bytes] | None:
    """Give a body to the package below: whole, or in pieces.

    Args:
        body: That of a prepared request.

    Returns:
        Bytes, or an iterator over the pieces; text becomes UTF-8.
    """
    if body is None:
        return None
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    return _pieces(body)


def _pieces(body: Any) -> Iterator[bytes]:
    pieces: Iterable[str | bytes] = (
        iter(lambda: body.read(_PIECE) or None, None) if is_file(body) else body
    )
    for piece in pieces:
        yield piece.encode() if isinstance(piece, str) else piece
