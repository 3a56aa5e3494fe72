"""Chunks of a body: cut, decoded, and joined into lines."""

import codecs

# Every encoding that a page may have must be in the image: nothing can be imported while serving.
import encodings.ascii
import encodings.cp1252
import encodings.latin_1
import encodings.utf_8_sig
import encodings.utf_16
import encodings.utf_16_be
import encodings.utf_16_le  # noqa: F401
from collections.abc import Iterator
from typing import TypeVar

from fastly_compute.requests.exceptions import ContentDecodingError, UnknownCharset

S = TypeVar("S", str, bytes)


def slices(content: bytes, size: int | None) -> Iterator[bytes]:
    """Cut what has been read already into chunks of a size; None for one chunk."""
    step = size or len(content) or 1
    return (content[at : at + step] for at in range(0, len(content), step))


def decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Decode chunks, none of which has to end where a character does.

    Raises:
        UnknownCharset: The encoding is unknown, or is not one of text.
        ContentDecodingError: While iterating: they are not in this encoding, which cannot replace.
    """
    try:
        str(b".", encoding)  # refuses codecs of bytes, such as hex, which a decoder does not
        decoder = codecs.getincrementaldecoder(encoding)("replace")
    except (LookupError, ValueError) as error:
        raise UnknownCharset(str(error)) from error
    return _decoded(chunks, decoder)


def _decoded(chunks: Iterator[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            if text:
                yield text
        text = decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise ContentDecodingError(f"the response's text cannot be decoded: {error}") from error
    if text:
        yield text


def lines_of(chunks: Iterator[S], delimiter: S | None) -> Iterator[S]:
    """Join chunks into lines, which come out the same however the body was cut.

    Args:
        chunks: The chunks.
        delimiter: What ends a line; None for what does for ``splitlines``.

    Returns:
        An iterator over the lines, without what ends them.
    """
    held: list[S] = []  # what may be the start of a line; joined only where one ends
    edge: S | None = None  # the end of it, in which a line's end may begin
    longest = len(delimiter) if delimiter else len("\r\n")
    for chunk in chunks:
        held.append(chunk)
        edge = chunk if edge is None else edge + chunk
        if delimiter in edge if delimiter else edge.splitlines() != [edge]:
            text = chunk[:0].join(held)
            parts = text.split(delimiter) if delimiter else _split_lines(text)
            held = [edge := parts.pop()]
            yield from parts
        edge = edge[max(0, len(edge) - longest + 1) :]
    if held:
        rest = held[0][:0].join(held)
        yield from [rest] if delimiter else rest.splitlines()


def _split_lines(text: S) -> list[S]:
    """Return the lines that have ended, and the rest."""
    lines = text.splitlines(keepends=True)
    last = lines[-1]
    carriage_return = "\r" if isinstance(text, str) else b"\r"
    # A carriage return may be the first half of a line's end.
    goes_on = last == last.splitlines()[0] or last.endswith(carriage_return)
    rest = lines.pop() if goes_on else text[:0]
    return [line.splitlines()[0] for line in lines] + [rest]
