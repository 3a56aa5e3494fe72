"""Content codings: takes gzip and deflate off a body while it is read (RFC 9110, section 8.4.1)."""

import zlib
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

from fastly_compute.requests.exceptions import ContentDecodingError

Pieces: TypeAlias = Iterator[bytes]

# The most that one step makes of what was received, which can become a thousand times as much.
_PIECE = 2**16
_MOST_CODINGS = 5  # as many as urllib3 takes off
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"


class _CutShort(Exception):
    """The body ends before its coding does."""


def decoded(pieces: Pieces, content_encoding: str) -> Pieces | None:
    """Take off the codings that a body has.

    Args:
        pieces: The pieces of the body, undecoded.
        content_encoding: The value of Content-Encoding.

    Returns:
        The plain body, in pieces of at most 64 KiB; an empty body stays empty. None if the header
        names no coding that is known: such a body is left alone.

    Raises:
        ContentDecodingError: The header names a known coding beside an unknown one, or more than
            five; and while iterating: the body is not what the header says.
    """
    names = [name.strip() for name in content_encoding.lower().split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    unknown = [name for name in names if name not in _CODINGS]
    if len(unknown) == len(names):
        return None
    if unknown or len(names) > _MOST_CODINGS:
        why = f"{unknown[0]} is unknown" if unknown else f"more than {_MOST_CODINGS} codings"
        raise _failed(content_encoding, why)
    plain = pieces
    for name in reversed(names):  # the last one was applied last
        plain = _CODINGS[name](plain)
    return _explained(plain, content_encoding)


def _failed(content_encoding: str, why: object) -> ContentDecodingError:
    return ContentDecodingError(
        f"Received response with content-encoding: {content_encoding.lower()}, but failed to "
        f"decode it: {why}"
    )


def _explained(pieces: Pieces, content_encoding: str) -> Pieces:
    try:
        yield from pieces
    except (zlib.error, _CutShort) as error:
        raise _failed(content_encoding, error) from error


def _gunzipped(pieces: Pieces) -> Pieces:
    data = _beginning(pieces)
    # The first member has to be gzip; what is not gzip after one is ignored, as by other clients.
    while data:
        data = yield from _inflated(pieces, data, _GZIP)
        data = _beginning(pieces, data, padding=b"\0")
        if not data.startswith(_GZIP_MAGIC):
            break
    _skip(pieces)


def _undeflated(pieces: Pieces) -> Pieces:
    data = _beginning(pieces)
    if data:
        yield from _inflated(pieces, data, zlib.MAX_WBITS if _is_zlib(data) else -zlib.MAX_WBITS)
    _skip(pieces)


_CODINGS: dict[str, Callable[[Pieces], Pieces]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _undeflated,
}


def _is_zlib(data: bytes) -> bool:
    """Tell a zlib header (RFC 1950) from bare deflate data, which some servers send."""
    return data[0] & 0x8F == 0x08 and int.from_bytes(data[:2], "big") % 31 == 0


def _beginning(pieces: Pieces, data: bytes = b"", padding: bytes = b"") -> bytes:
    """Have two bytes at least, after the padding, unless the body ends before that."""
    while len(data := data.lstrip(padding)) < len(_GZIP_MAGIC) and (piece := next(pieces, b"")):
        data += piece
    return data


def _inflated(pieces: Pieces, data: bytes, wbits: int) -> Generator[bytes, None, bytes]:
    """Inflate one stream, which begins with *data*, and return what comes after it."""
    stream = zlib.decompressobj(wbits)
    while not stream.eof:
        plain = stream.decompress(data, _PIECE)
        data = stream.unconsumed_tail
        if plain:
            yield plain
        elif not stream.eof:
            data = next(pieces, b"")
            if not data:
                raise _CutShort("the body ends too early")
    return stream.unused_data


def _skip(pieces: Pieces) -> None:
    for _ in pieces:
        pass
