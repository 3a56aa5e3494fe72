"""`fastly:compute/http-body`: bodies, read and written in parts."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from componentize_py_types import Err
from wit_world.imports.http_body import TrailerError_Error, TrailerError_NotAvailableYet
from wit_world.imports.types import (
    Error_GenericError,
    Error_HttpIncomplete,
    Error_HttpInvalid,
    Error_InvalidArgument,
    Error_LimitExceeded,
    Error_Unsupported,
)

from fastly_compute.local.downstream import BodySource, ClientGone, Headers
from fastly_compute.local.interfaces.async_io import Pollable
from fastly_compute.local.interfaces.buffers import fit, fit_items
from fastly_compute.local.origin import BodyFailure
from fastly_compute.local.sandbox import running
from fastly_compute.local.trap import Trap

T = TypeVar("T")

_ERRORS = {
    "generic-error": Error_GenericError,
    "http-incomplete": Error_HttpIncomplete,
    "http-invalid": Error_HttpInvalid,
}


_MOST_HELD = 256 * 1024 * 1024
"""How much a guest may write into bodies that stay in memory, per request that it serves."""


class Outlet(Protocol):
    """Where a streaming body goes while it is written: to the client, or to an origin."""

    def write(self, data: bytes) -> None:
        """Send a part. Raises `ClientGone`."""

    def finish(self, trailers: Headers) -> None:
        """End it as complete."""

    def abort(self) -> None:
        """End it so that the reader sees it is not complete."""

    def waiting(self) -> "Future[object] | None":
        """What a writer waits for; None where it can write."""


@dataclass(slots=True)
class _Source:
    """A body that arrives while it is read, and what is left of it, where that is known."""

    source: BodySource
    left: int | None
    ahead: "Future[bytes] | None" = None

    def read(self) -> bytes:
        if self.ahead is None:
            data = self.source.read_chunk()
        else:
            ahead, self.ahead = self.ahead, None
            data = ahead.result()
        if self.left is not None:
            self.left -= len(data)
        return data

    def waiting(self) -> "Future[bytes]":
        # Only a read tells whether there is something to read.
        if self.ahead is None:
            self.ahead = running().host.background(self.source.read_chunk)
        return self.ahead


class Body(Pollable):
    """A body: parts in memory and sources not yet read, or, while streaming, a way out.

    Attributes:
        trailers: What follows the body.
        out: Where writes go once the body is streaming.
    """

    def __init__(
        self, content: bytes | BodySource = b"", *, content_length: int | None = None
    ) -> None:
        self._parts: deque[bytes | _Source] = deque()
        self.trailers: list[tuple[str, bytes]] = []
        self.out: Outlet | None = None
        self._ended = False
        if isinstance(content, bytes):
            self.push(content)
        else:
            self._parts.append(_Source(content, content_length))

    @property
    def length(self) -> int | None:
        """How many bytes are left, where that is known."""
        if self.out is not None:
            return None
        lengths = [len(part) if isinstance(part, bytes) else part.left for part in self._parts]
        known = [length for length in lengths if length is not None]
        return sum(known) if len(known) == len(lengths) else None

    def waiting(self) -> "Future[object] | None":
        """What a reader waits for, or a writer where it is streaming."""
        if self.out is not None:
            return self.out.waiting()
        part = self._parts[0] if self._parts else None
        return cast("Future[object]", part.waiting()) if isinstance(part, _Source) else None

    def push(self, data: bytes) -> None:
        """Add bytes at the end."""
        if data:
            self._parts.append(data)

    def push_front(self, data: bytes) -> None:
        """Add bytes at the start."""
        if data:
            self._parts.appendleft(data)

    def absorb(self, other: "Body") -> None:
        """Add all of another body at the end, without reading it."""
        self._parts += other._parts
        other._parts = deque()

    def chunk(self, size: int) -> bytes:
        """Return up to *size* bytes, waiting for at least one; b"" is the end."""
        while self._parts:
            part = self._parts[0]
            if isinstance(part, bytes):
                self._parts.popleft()
                data = part
            else:
                data = part.read()
                if not data:
                    self._parts.popleft()
                    part.source.close()
                    continue
            if len(data) > size:
                self._parts.appendleft(data[size:])
            return data[:size]
        self._ended = True
        return b""

    def chunks(self) -> Iterator[bytes]:
        """Read it to the end, as the parts come."""
        while data := self.chunk(1 << 20):
            yield data

    @property
    def ended(self) -> bool:
        """Whether it was read to its end."""
        return self._ended

    def close_sources(self) -> None:
        """Let go of what was not read."""
        for part in self._parts:
            if isinstance(part, _Source):
                part.source.close()
        self._parts.clear()

    def dropped(self) -> None:
        """Abort an answer that was not closed, and let go of what was not read."""
        if self.out is not None:
            self.out.abort()
        self.close_sources()


def new() -> Body:
    """Make an empty body."""
    return Body()


def _readable(body: Body, doing: str) -> None:
    if body.out is not None:
        raise Trap(f"{doing}: the body is streaming to the client and can only be written")


def read(body: Body, chunk_size: int) -> bytes:
    """Read up to *chunk_size* bytes; none at all is the end."""
    _readable(body, "http-body.read")
    if chunk_size == 0:
        return b""
    try:
        return body.chunk(chunk_size)
    except BodyFailure as failure:
        raise Err(_ERRORS[failure.error]()) from failure
    except ClientGone as gone:
        raise Err(Error_HttpIncomplete()) from gone


def _send(out: Outlet, data: bytes) -> None:
    try:
        out.write(data)
    except ClientGone as gone:
        raise Err(Error_GenericError()) from gone


def _hold(data: bytes) -> bytes:
    sandbox = running()
    sandbox.written += len(data)
    if sandbox.written > _MOST_HELD:
        sandbox.host.log(f"http-body.write: more than {_MOST_HELD >> 20} MiB that are not streamed")
        raise Err(Error_LimitExceeded())
    return data


def write(body: Body, buf: bytes) -> int:
    """Write at the end and tell how much was taken."""
    if body.out is None:
        body.push(_hold(buf))
    elif buf:
        _send(body.out, buf)
    return len(buf)


def write_front(body: Body, buf: bytes) -> None:
    """Write at the start."""
    if body.out is not None:
        raise Err(Error_Unsupported())
    body.push_front(_hold(buf))


def append(dest: Body, src: Body) -> None:
    """Move all of *src* to the end of *dest*."""
    _readable(src, "http-body.append")
    src.take("was appended to another body")
    if dest.out is None:
        dest.absorb(src)
        return
    try:
        for data in src.chunks():
            _send(dest.out, data)
    except BodyFailure as failure:
        raise Err(_ERRORS[failure.error]()) from failure
    finally:
        src.close_sources()


def close(body: Body) -> None:
    """End it: a streaming body ends well."""
    body.take("is closed")
    if body.out is not None:
        body.out.finish(body.trailers)
    body.close_sources()


def get_known_length(body: Body) -> int | None:
    """Tell the length where it is known."""
    return body.length


def append_trailer(body: Body, name: str, value: bytes) -> None:
    """Add a trailer field."""
    body.trailers.append((name, value))


def _trailers(body: Body) -> list[tuple[str, bytes]]:
    if body.out is not None:
        raise Err(TrailerError_Error(Error_InvalidArgument()))
    if not body.ended:
        raise Err(TrailerError_NotAvailableYet())
    return body.trailers


def _fitting(answer: Callable[[], T]) -> T:
    try:
        return answer()
    except Err as err:
        raise Err(TrailerError_Error(err.value)) from None


def get_trailer_names(body: Body, max_len: int, cursor: int) -> tuple[str, int | None]:
    """List the names of the trailer fields."""
    names = list(dict.fromkeys(name.lower().encode() for name, _ in _trailers(body)))
    part, following = _fitting(lambda: fit_items(names, max_len, cursor))
    return part.decode(), following


def get_trailer_value(body: Body, name: str, max_len: int) -> bytes | None:
    """Return the first value of a trailer field."""
    for field, value in _trailers(body):
        if field.lower() == name.lower():
            return _fitting(lambda: fit(value, max_len))  # noqa: B023 - called at once
    return None


def get_trailer_values(
    body: Body, name: str, max_len: int, cursor: int
) -> tuple[bytes, int | None]:
    """List the values of a trailer field."""
    values = [value for field, value in _trailers(body) if field.lower() == name.lower()]
    return _fitting(lambda: fit_items(values, max_len, cursor))
