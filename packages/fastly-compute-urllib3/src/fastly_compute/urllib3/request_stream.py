"""Reads the bytes of HTTP/1.1 requests that `http.client` writes (RFC 9112)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastly_compute.core import TOKEN

_FOLD = re.compile(r"\r\n[ \t]+")  # http.client joins several values of a header with it
_LENGTH = re.compile(r"[0-9]+")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The request line and headers of a request, and how its body is framed.

    Attributes:
        method: The method.
        target: The request target: a path, with the query.
        headers: The headers, except those about framing, about the connection being kept, and
            ``Expect: 100-continue``: the host decides on these.
        length: The number of bytes in the body; None if it is chunked.
        expects_continue: Whether the client waits for ``100 Continue`` before it sends the body.
    """

    method: str
    target: str
    headers: list[tuple[str, str]]
    length: int | None
    expects_continue: bool


def parse_head(data: bytes, origin: str) -> RequestHead:
    """Parse a request line and headers.

    Args:
        data: Their bytes, without the empty line.
        origin: The scheme and authority of the server, which the request target may begin with.

    Returns:
        The head.

    Raises:
        ValueError: They are not an HTTP/1.1 request to a server, or the framing is ambiguous.
    """
    line, _, fields = data.decode("latin-1").partition("\r\n")
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not TOKEN.fullmatch(method) or not version.startswith("HTTP/1."):
        raise ValueError("a request must begin with a line such as 'GET / HTTP/1.1'")
    if target[: len(origin)].lower() == origin.lower():
        target = target[len(origin) :]
    if not target.startswith("/"):
        raise ValueError(
            "a request target must be a path that begins with '/', or a URL of the connection's "
            "host: requests to a proxy, CONNECT and 'OPTIONS *' cannot be sent to a backend"
        )
    headers = []
    lengths, codings, expects_continue = set(), [], False
    for field in _FOLD.sub(" ", fields).split("\r\n") if fields else ():
        name, _, value = field.partition(":")
        value = value.strip(" \t")
        lower = name.lower()
        if lower == "content-length":
            lengths.add(value)
        elif lower == "transfer-encoding":
            codings.append(value.lower())
        elif lower == "expect" and value.lower() == "100-continue":
            expects_continue = True
        elif lower != "connection" or value.lower() not in ("close", "keep-alive"):
            headers.append((name, value))
    return RequestHead(method, target, headers, _length(lengths, codings), expects_continue)


def _length(lengths: set[str], codings: list[str]) -> int | None:
    if codings:
        if lengths:
            raise ValueError("a request cannot have both Content-Length and Transfer-Encoding")
        if codings != ["chunked"]:
            raise ValueError(f"Transfer-Encoding must be chunked, not {', '.join(codings)!r}")
        return None
    if not lengths:
        return 0
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise ValueError(f"Content-Length must be one number of bytes, not {length!r}")
    return int(length)


class ContentLengthBody:
    """Checks the bytes of a body whose length is known.

    Args:
        length: The number of bytes.
    """

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def is_complete(self) -> bool:
        """Whether all bytes were passed in."""
        return not self._left

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pass in the next bytes; they are returned as pieces of the body.

        Raises:
            ValueError: There are more than the length says.
        """
        if len(data) > self._left:
            raise ValueError("the request's body is longer than its Content-Length")
        self._left -= len(data)
        if data:
            yield data


class ChunkedBody:
    """Decodes the bytes of a chunked body (RFC 9112, section 7.1)."""

    def __init__(self) -> None:
        self._line = b""
        self._in_chunk = 0  # bytes left of the chunk's data
        self._ends_chunk = False
        self._is_last = False
        self.is_complete = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pass in the next bytes, and iterate over the data in them.

        Raises:
            ValueError: They are not chunks, or go beyond the last one, or are trailers.
        """
        at = 0
        while at < len(data):
            if self.is_complete:
                raise ValueError("the request's body goes on after its last chunk")
            if self._in_chunk:
                piece = data[at : at + self._in_chunk]
                at += len(piece)
                self._in_chunk -= len(piece)
                self._ends_chunk = not self._in_chunk
                yield piece
                continue
            end = data.find(b"\n", at) + 1 or len(data)
            self._line += data[at:end]
            at = end
            if self._line.endswith(b"\n"):
                self._take_line(self._line.rstrip(b"\r\n"))
                self._line = b""

    def _take_line(self, line: bytes) -> None:
        if self._ends_chunk or self._is_last:
            if line:
                raise ValueError("a chunk of the request's body must end after its data")
            self._ends_chunk = False
            self.is_complete = self._is_last
            return
        size = line.partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            raise ValueError("a chunk of the request's body must begin with its size")
        self._in_chunk = int(size, 16)
        self._is_last = not self._in_chunk
