"""`fastly:compute/http-body`: bodies, read and written in parts."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast, runtime_checkable

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

from fastly_compute.local.interfaces.async_io import Pollable, wait_until_ready
from fastly_compute.local.interfaces.buffers import fit, fit_items
from fastly_compute.local.runtime.sandbox import Sandbox, running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.server.downstream import BodySource, ClientGone, RawHeaders
from fastly_compute.local.transport import BodyFailure

T = TypeVar("T")

_ERRORS = {
    "generic-error": Error_GenericError,
    "http-incomplete": Error_HttpIncomplete,
    "http-invalid": Error_HttpInvalid,
}


_PART = 1 << 16
"""Most bytes sent at once."""

_MOST_HELD = 256 * 1024 * 1024
"""Most bytes that a guest may write into bodies kept in memory, per request that it serves."""


class Outlet(Protocol):
    """The destination of a streaming body while it is written: the client or an origin."""

    def write(self, data: bytes) -> None:
        """Send a part. Raises `ClientGone`."""

    def finish(self, trailers: RawHeaders) -> None:
        """End the body as complete."""

    def abort(self) -> None:
        """End the body so that the reader sees that it is truncated."""

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for before writing, or None if there is room."""


@runtime_checkable
class Follower(Protocol):
    """A destination that takes an appended body as it arrives, while the guest continues."""

    def append(self, body: "Body") -> None:
        """Take the rest of a body without waiting for it."""


@dataclass(slots=True, eq=False)
class _Source:
    """A body that arrives while it is read, and how much of it is left, if known."""

    source: BodySource
    left: int | None
    ahead: "Future[bytes] | None" = None
    sandbox: Sandbox = field(default_factory=running)

    def hold(self) -> None:
        """Register to be closed when the sandbox ends."""
        self.sandbox.hold(self, self.close)

    def read(self) -> bytes:
        if self.ahead is None:
            with self.sandbox.resting():
                data = self.source.read_chunk()
        else:
            ahead, self.ahead = self.ahead, None
            with self.sandbox.resting():
                data = ahead.result()
        if self.left is not None:
            self.left -= len(data)
        return data

    def waiting(self) -> "Future[bytes]":
        # Only a read shows whether there is something to read.
        if self.ahead is None:
            self.ahead = self.sandbox.background(self.source.read_chunk)
        return self.ahead

    def outlive(self) -> None:
        """Stay open when the sandbox ends."""
        self.sandbox.let_go(self)

    def close(self) -> None:
        self.outlive()
        self.source.close()


class Body(Pollable):
    """A body: parts in memory and sources not yet read or, while streaming, an outlet.

    Args:
        content: The whole body, or its source.
        content_length: Its length, if *content* is a source and the length is known.
        outlives: Whether it is read even after the sandbox has ended.

    Attributes:
        trailers: The trailer fields.
        out: The outlet for writes once the body is streaming.
    """

    def __init__(
        self,
        content: bytes | BodySource = b"",
        *,
        content_length: int | None = None,
        outlives: bool = False,
    ) -> None:
        self._parts: deque[memoryview | _Source] = deque()
        self.trailers: list[tuple[str, bytes]] = []
        self.out: Outlet | None = None
        self._ended = False
        if isinstance(content, bytes):
            self.push(content)
        else:
            source = _Source(content, content_length)
            self._parts.append(source)
            if not outlives:
                source.hold()

    @property
    def length(self) -> int | None:
        """The number of bytes left, if known."""
        if self.out is not None:
            return None
        lengths = [part.left if isinstance(part, _Source) else len(part) for part in self._parts]
        known = [length for length in lengths if length is not None]
        return sum(known) if len(known) == len(lengths) else None

    @property
    def in_memory(self) -> bool:
        """Whether all of it is in memory."""
        return not any(isinstance(part, _Source) for part in self._parts)

    def waiting(self) -> "Future[object] | None":
        """Return the future that a reader waits for, or a writer if the body is streaming."""
        if self.out is not None:
            return self.out.waiting()
        while self._parts and isinstance(part := self._parts[0], _Source):
            ahead = part.waiting()
            if not ahead.done() or ahead.exception() is not None or ahead.result():
                return cast("Future[object]", ahead)
            # This source has ended, and the next one shows whether there is more.
            self._parts.popleft()
            part.close()
        return None

    def stream_to(self, out: Outlet) -> None:
        """Send what is written from here on to an outlet, instead of keeping it."""
        self.out = out

    def push(self, data: bytes) -> None:
        """Add bytes to the end."""
        if data:
            self._parts.append(memoryview(data))

    def push_front(self, data: bytes) -> None:
        """Add bytes to the start."""
        if data:
            self._parts.appendleft(memoryview(data))

    def absorb(self, other: "Body") -> None:
        """Move all of another body to the end, without reading it."""
        self._parts += other._parts
        other._parts = deque()

    def chunk(self, size: int) -> bytes:
        """Return up to *size* bytes, waiting for at least one; b"" marks the end."""
        while self._parts:
            part = self._parts.popleft()
            if isinstance(part, _Source):
                self._parts.appendleft(part)
                data = memoryview(part.read())
                if not data:
                    self._parts.popleft()
                    part.close()
                    continue
            else:
                data = part
            if len(data) > size:
                self._parts.appendleft(data[size:])
            return bytes(data[:size])
        self._ended = True
        return b""

    def chunks(self) -> Iterator[bytes]:
        """Read to the end, in the parts that arrive."""
        while data := self.chunk(_PART):
            yield data

    @property
    def ended(self) -> bool:
        """Whether it was read to its end."""
        return self._ended

    def outlive(self) -> None:
        """Stay readable when the sandbox ends, for readers that continue without it."""
        for part in self._parts:
            if isinstance(part, _Source):
                part.outlive()

    def close_sources(self) -> None:
        """Close and drop the parts that were not read."""
        for part in self._parts:
            if isinstance(part, _Source):
                part.close()
        self._parts.clear()

    def __del__(self) -> None:
        """Drop the body, as the bindings do with handles that the guest has lost."""
        self.drop()

    def dropped(self) -> None:
        """Abort a response that was not closed, and drop the parts that were not read."""
        if self.out is not None:
            self.out.abort()
        self.close_sources()


def new() -> Body:
    """Make an empty body."""
    return Body()


def _readable(body: Body, doing: str) -> None:
    if body.out is not None:
        raise Trap(f"{doing}: the body is already streaming and can only be written")


def read(body: Body, chunk_size: int) -> bytes:
    """Read up to *chunk_size* bytes; no bytes mark the end."""
    _readable(body, "http-body.read")
    if chunk_size == 0:
        return b""
    if running().deadline is not None:
        # Only this kind of wait ends with the guest's time limit.
        wait_until_ready([body], None)
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
    if not sandbox.write_in_memory(len(data), _MOST_HELD):
        sandbox.host.log(f"http-body.write: over {_MOST_HELD >> 20} MiB written without streaming")
        raise Err(Error_LimitExceeded())
    return data


def write(body: Body, buf: bytes) -> int:
    """Write to the end, and return how many bytes were taken."""
    if body.out is None:
        body.push(_hold(buf))
    elif buf:
        _send(body.out, buf)
    return len(buf)


def write_front(body: Body, buf: bytes) -> None:
    """Write to the start."""
    if body.out is not None:
        raise Err(Error_Unsupported())
    body.push_front(_hold(buf))


def append(dest: Body, src: Body) -> None:
    """Move all of *src* to the end of *dest*."""
    if src is dest:
        raise Trap("http-body.append was given a body to append to itself")
    _readable(src, "http-body.append")
    src.take("was appended to another body")
    if dest.out is None:
        dest.absorb(src)
        return
    if isinstance(dest.out, Follower):
        dest.out.append(src)
        return
    try:
        with running().untimed():
            for data in src.chunks():
                _send(dest.out, data)
    except BodyFailure as failure:
        raise Err(_ERRORS[failure.error]()) from failure
    finally:
        src.close_sources()


def close(body: Body) -> None:
    """End the body; a streaming body ends as complete."""
    body.take("is closed")
    if body.out is not None:
        body.out.finish(body.trailers)
    body.close_sources()


def get_known_length(body: Body) -> int | None:
    """Return the length, if known."""
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
    for known, value in _trailers(body):
        if known.lower() == name.lower():
            return _fitting(lambda: fit(value, max_len))  # noqa: B023 - called at once
    return None


def get_trailer_values(
    body: Body, name: str, max_len: int, cursor: int
) -> tuple[bytes, int | None]:
    """List the values of a trailer field."""
    values = [value for field, value in _trailers(body) if field.lower() == name.lower()]
    return _fitting(lambda: fit_items(values, max_len, cursor))
