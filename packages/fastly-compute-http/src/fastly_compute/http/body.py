"""Message bodies, which are read once."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from io import BufferedReader, RawIOBase
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias, cast

from fastly_compute.core import HandleClosed, drop
from fastly_compute.http import _wit_body, scope
from fastly_compute.http.async_body import READ, AsyncPieces, received
from fastly_compute.http.errors import BodyNotRead
from fastly_compute.http.headers import Headers
from fastly_compute.http.pieces import BYTES, Readable, checked_piece, pieces_of

if TYPE_CHECKING:
    from wit_world.imports import async_io


BodyLike: TypeAlias = "Body | bytes | bytearray | memoryview | str | Readable | Iterable[bytes]"
"""The types that a message accepts as its body; a ``str`` is encoded as UTF-8."""

_END = object()


class _Raw(RawIOBase):
    def __init__(self, body: "Body") -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._body._pull(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._body.close()
        super().close()


class Body:
    r"""The body of a message, which can be read once.

    A body received from the host stays there until it is read. Passing it on, as the body of a
    request or response, takes the same time for any length, and does not read it.

    Reading, sending or closing a body uses it up; using it again raises
    `fastly_compute.core.HandleClosed`. Only a body made of bytes or text can be sent again.

    Args:
        content: Bytes, text (encoded as UTF-8), a binary file, or an iterable of bytes. A file or
            iterable is read when the body is. Closing the body closes a generator, but not a file.

    Raises:
        TypeError: The content has another type.

    Example:
        >>> from fastly_compute.http import Body
        >>> body = Body([b"one\nt", b"wo\n"])
        >>> list(body.iter_lines())
        [b'one', b'two']
    """

    __slots__ = (
        "__weakref__",
        "_at",
        "_at_once",
        "_buffer",
        "_ended",
        "_gone",
        "_is_received",
        "_pieces",
        "_pollable",
        "_read_out",
        "_trailers",
    )

    def __init__(self, content: BodyLike = b"") -> None:
        self._at = 0
        self._at_once = _wit_body.PIECE
        self._buffer = b""
        self._ended = False
        self._gone = ""
        self._pieces: Iterator[bytes] | None = None
        self._pollable: async_io.Pollable | None = None
        self._read_out: async_io.Pollable | None = None
        self._trailers: Headers | None = None
        self._is_received = False
        if type(content) is bytes:
            self._buffer = content
        elif isinstance(content, str):
            self._buffer = content.encode()
        elif isinstance(content, BYTES):
            self._buffer = bytes(content)
        elif isinstance(content, Body | Mapping):
            raise self._unusable(content)
        elif callable(getattr(content, "read", None)):
            self._pieces = pieces_of(content)  # type: ignore[arg-type]
        elif isinstance(content, Iterable):
            self._pieces = iter(content)
        else:
            raise self._unusable(content)

    @staticmethod
    def _unusable(content: object) -> TypeError:
        kind = type(content).__name__
        return TypeError(
            f"a body must be bytes, str, a binary file, an iterable of bytes or a Body, not {kind}"
        )

    @classmethod
    def _of(cls, content: "BodyLike | None") -> "Body":
        return content if isinstance(content, Body) else cls(b"" if content is None else content)

    @classmethod
    def _of_response(cls, content: "BodyLike | AsyncIterable[bytes] | None") -> "Body":
        # hasattr, as this runs for each response: isinstance with AsyncIterable is slow.
        if isinstance(content, Body) or not hasattr(content, "__aiter__"):
            return cls._of(content)
        body = cls()
        body._pieces = AsyncPieces(cast("AsyncIterable[bytes]", content))
        return body

    @classmethod
    def _received(cls, pollable: "async_io.Pollable") -> Self:
        body = cls()
        body._pollable = pollable
        body._is_received = True
        scope.register(body)
        return body

    @classmethod
    def _closed(cls) -> Self:
        """Return a received body that is closed: that of a request which ended without using it."""
        body = cls()
        body._is_received = True
        body.close()
        return body

    def _check(self) -> None:
        if self._gone:
            raise HandleClosed(f"this Body {self._gone}")

    def _release(self, how: str) -> None:
        self._gone = how
        self._buffer = b""
        pollable, self._pollable = self._pollable, None
        pieces, self._pieces = self._pieces, None
        if how is READ:
            self._read_out = pollable  # its trailers can still be read
        elif pollable is not None:
            drop(pollable)
        close = getattr(pieces, "close", None)
        if close is not None:
            close()

    @property
    def _length(self) -> int | None:
        """The number of bytes left, if it is known without reading them."""
        if self._pollable is not None or self._pieces is not None:
            return None
        return len(self._buffer) - self._at

    def _next_piece(self) -> bytes | None:
        """Return the next piece of an iterable unchanged, or None at the end."""
        piece = _END if self._pieces is None else next(self._pieces, _END)
        return None if piece is _END else checked_piece(piece)

    def _fill(self) -> bool:
        """Fill an empty buffer, from the host or an iterable; return False at the end."""
        self._check()
        if not self._buffer and not self._ended:
            try:
                if self._pollable is not None:
                    self._buffer = _wit_body.read(self._pollable, self._at_once)
                    if len(self._buffer) == self._at_once:  # there may be more already
                        self._at_once = min(2 * self._at_once, _wit_body.LARGEST)
                else:
                    while not self._buffer and (piece := self._next_piece()) is not None:
                        self._buffer = piece
            except BaseException:
                # Another read could find the end, and make a part look like the whole.
                self._release("failed while it was read")
                raise
            self._ended = not self._buffer
        return not self._ended

    def _pull(self, size: int) -> bytes:
        """Return up to *size* bytes as they arrive; an empty result is the end."""
        self._fill()
        piece = self._buffer[self._at : self._at + size]
        self._at += len(piece)
        if self._at >= len(self._buffer):
            self._buffer = b""
            self._at = 0
        return piece

    def read(self, size: int = -1) -> bytes:
        """Read *size* bytes, or all that is left.

        Args:
            size: How many bytes; negative for all.

        Returns:
            Exactly that many bytes, or fewer at the end. At the end, it returns ``b""`` once.

        Raises:
            HandleClosed: The body was read to its end, sent or closed before.
            BodyIncomplete: The peer closed the connection too early.
            BodyError: Reading failed, or the time between bytes ran out.
        """
        self._check()
        if size == 0:
            return b""
        parts = []
        if size < 0:
            while self._fill():
                parts.append(self._buffer[self._at :])
                self._buffer = b""
                self._at = 0
        left = size
        while left > 0 and (piece := self._pull(left)):
            parts.append(piece)
            left -= len(piece)
        if size < 0 or not parts:
            self._release(READ)
        return b"".join(parts)

    def iter_bytes(self, size: int = _wit_body.LARGEST) -> Iterator[bytes]:
        """Read to the end in pieces, each as soon as it arrives.

        Args:
            size: The maximum number of bytes in a piece, at least 1.

        Returns:
            An iterator over the pieces, none of them empty.

        Raises:
            HandleClosed: The body was read to its end, sent or closed before.
            ValueError: The size is less than 1.
            BodyIncomplete: While iterating: the peer closed the connection too early.
            BodyError: While iterating: reading failed, or the time between bytes ran out.
        """
        self._check()
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size!r}")
        return self._iterate(size)

    def _iterate(self, size: int) -> Iterator[bytes]:
        while piece := self._pull(size):
            yield piece
        self._release(READ)

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Read to the end in pieces as `iter_bytes` does, while other tasks run."""
        self._check()
        pieces = self._async_pieces
        return received(self) if pieces is None else pieces.produced(self)

    def iter_lines(self) -> Iterator[bytes]:
        r"""Read to the end in lines. The rest after a line can still be read with another method.

        Returns:
            An iterator over the lines, without their ``\n`` or ``\r\n``.

        Raises:
            HandleClosed: The body was read to its end, sent or closed before.
            BodyIncomplete: While iterating: the peer closed the connection too early.
            BodyError: While iterating: reading failed, or the time between bytes ran out.
        """
        self._check()
        return self._lines()

    def _lines(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        while self._fill():
            end = self._buffer.find(b"\n", self._at) + 1
            parts.append(self._pull((end or len(self._buffer)) - self._at))
            if end:
                yield b"".join(parts)[:-1].removesuffix(b"\r")
                parts = []
        self._release(READ)
        if parts:
            yield b"".join(parts)

    def file(self) -> BufferedReader:
        """Return the body as a read-only binary file, for libraries that need one.

        Closing the file closes the body.
        """
        self._check()
        return BufferedReader(_Raw(self), _wit_body.PIECE)

    @property
    def trailers(self) -> Headers:
        """The trailer fields, which follow the body (RFC 9110, section 6.5).

        The trailers of a body made here can be changed until its end is sent. Those of a body from
        the host are available once it was read to its end. HTTP/1.1 may lose them.

        Raises:
            BodyNotRead: The body comes from the host, and was not read to its end.
            HandleClosed: The body was closed before its trailers were read.
            BodyError: The host lost the trailers.
        """
        if self._trailers is None and not self._is_received:
            self._trailers = Headers()
        elif self._trailers is None:
            if not self._ended:
                self._check()
                raise BodyNotRead("trailers follow the body: read it to its end first")
            source = self._read_out or self._pollable
            if source is None:
                raise HandleClosed("this Body is closed, and so are its trailers")
            self._trailers = Headers._received(_wit_body.read_trailers(source))
        return self._trailers

    def _waitable(self) -> "async_io.Pollable | None":
        """Return what to wait for before reading; None if there is something to read already."""
        self._check()
        return None if self._buffer or self._ended else self._pollable

    @property
    def _in_memory(self) -> bool:
        return self._pollable is None and self._pieces is None

    @property
    def _is_produced(self) -> bool:
        """Whether it is a file or iterable, whose length is unknown."""
        return self._pieces is not None and not self._gone

    @property
    def _async_pieces(self) -> AsyncPieces | None:
        pieces = self._pieces  # None is recognized without asking the abstract class
        return pieces if pieces is not None and isinstance(pieces, AsyncPieces) else None

    def _check_sync(self) -> None:
        if self._async_pieces is not None:
            next(self._async_pieces)

    @property
    def _unread_pollable(self) -> "async_io.Pollable":
        """The client's body, of which nothing was read; for the package security."""
        self._check_unread()
        if self._pollable is None or self._buffer:
            raise HandleClosed("this Body was already read, in part")
        return self._pollable

    def _check_unread(self) -> None:
        if self._gone or self._ended:
            raise HandleClosed(f"this Body {self._gone or READ}")

    def _as_produced(self) -> Iterator[bytes]:
        """Yield what is left of an iterable in its own pieces, empty ones included."""
        self._check_unread()
        try:
            if self._buffer:
                yield self._buffer[self._at :]
            while (piece := self._next_piece()) is not None:
                yield piece
        except BaseException:
            # The rest must not be sent as if it were the whole.
            self._release("was sent in part")
            raise
        self._release("was already sent")

    def _to_host(self) -> "async_io.Pollable":
        """Return a host-owned body with the rest of this one."""
        self._check_unread()
        if self._pollable is not None and not self._buffer:
            whole, self._pollable = self._pollable, None
            self._gone = "was already sent"
            return whole
        body = _wit_body.new_body()
        try:
            if self._pieces is not None:
                for piece in self._as_produced():
                    _wit_body.write(body, piece)
            else:
                _wit_body.write(body, self._buffer[self._at :])
            if self._pollable is not None:
                rest, self._pollable = self._pollable, None
                self._release("was already sent")
                _wit_body.append(body, rest)
            self._write_trailers(body)
        except BaseException:
            drop(body)
            raise
        return body

    def _write_trailers(self, into: "async_io.Pollable") -> None:
        if self._trailers is None:
            return
        for name, value in self._trailers.items():
            _wit_body.append_trailer(into, name, value)

    def _discard(self) -> None:
        """Release the body, unless it can be sent again."""
        if not self._in_memory:
            self.close()

    @property
    def closed(self) -> bool:
        """Whether the body was read to its end, sent or closed."""
        return bool(self._gone)

    def close(self) -> None:
        """Release the body without reading it; closing again does nothing."""
        if not self._gone:
            self._release("is closed")
        if self._read_out is not None:
            drop(self._read_out)
            self._read_out = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._gone:
            return f"<Body that {self._gone}>"
        if self._in_memory:
            return f"<Body of {len(self._buffer) - self._at} bytes>"
        return "<Body>"
