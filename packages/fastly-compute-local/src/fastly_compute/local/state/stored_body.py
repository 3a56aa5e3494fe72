"""A body that many may read while it is still being written."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from fastly_compute.local.server.downstream import ClientGone, RawHeaders
from fastly_compute.local.transport import BodyFailure

_AT_ONCE = 1 << 16
"""How much a reader gets at once: who wants less of it has to keep the rest."""


class StoredBody:
    """The content of a cached object: written once, from one side, and kept.

    Args:
        announced: How long it is going to be, where that is known.

    Attributes:
        grown: Is told how many bytes came in with each write, where somebody wants to know.
    """

    def __init__(self, announced: int | None = None) -> None:
        self.grown: Callable[[int], None] | None = None
        self._announced = announced
        self._changed = threading.Condition()
        self._data = bytearray()
        self._complete = False
        self._failure: BaseException | None = None

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return self._complete

    @property
    def failed(self) -> bool:
        """Whether it broke off."""
        return self._failure is not None

    @property
    def size(self) -> int:
        """How many bytes of it are there."""
        return len(self._data)

    @property
    def length(self) -> int | None:
        """How long it is, or was announced to be; None as long as only its end will tell."""
        return len(self._data) if self._complete else self._announced

    def write(self, data: bytes) -> None:
        """Add bytes at the end.

        Raises:
            ClientGone: It broke off, or does with this: it gets longer than was announced.
        """
        with self._changed:
            if self._announced is not None and len(self._data) + len(data) > self._announced:
                self._fail(_broken(f"is longer than the {self._announced} bytes announced"))
            if self._failure is not None or self._complete:
                raise ClientGone("the cache does not accept more of this object")
            self._data += data
            self._changed.notify_all()
        if self.grown is not None:
            # Not under the lock: others who hold theirs look at this body.
            self.grown(len(data))

    def finish(self, trailers: RawHeaders) -> None:
        """End it; it is complete unless it is shorter than was announced.

        Args:
            trailers: Not kept, as a cached object has none.
        """
        with self._changed:
            if self._announced not in {None, len(self._data)}:
                self._fail(_broken(f"is shorter than the {self._announced} bytes announced"))
            elif self._failure is None:
                self._complete = True
                self._changed.notify_all()

    def abort(self) -> None:
        """Abort it, unless it is complete."""
        self.fail(_broken("was not written to the end"))

    def fail(self, failure: BaseException) -> None:
        """Break it off, unless it is complete.

        Args:
            failure: What its readers get once they have read what there is.
        """
        with self._changed:
            self._fail(failure)

    def waiting(self) -> "Future[object] | None":
        """What its writer waits for: nothing, as it holds all there is."""
        return None

    def reader(self, start: int = 0, end: int | None = None) -> "StoredReader":
        """Read it, or a part.

        Args:
            start: Where to begin.
            end: Where to stop; None is the end.
        """
        return StoredReader(self, start, end)

    def take(self, start: int, end: int | None) -> bytes:
        """Return what there is from *start* on, up to *end*, waiting for at least one byte.

        Returns:
            The bytes, or ``b""`` where nothing is left.

        Raises:
            BodyFailure: It broke off before. Any other exception that ended it comes as it is.
        """
        if end is not None and start >= end:
            return b""
        with self._changed:
            self._changed.wait_for(lambda: len(self._data) > start or self._over)
            if len(self._data) > start:
                with memoryview(self._data)[start : _end(start, end)] as part:
                    return bytes(part)
            if self._failure is not None:
                raise self._failure
            if end is not None:
                raise _broken(f"ended before the requested byte {end}")
            return b""

    def wait_for(self, size: int | None) -> None:
        """Wait until it has so many bytes, or for its end.

        Args:
            size: How many; None is all.

        Raises:
            BodyFailure: It ended before, or broke off.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._over or (size is not None and len(self._data) >= size)
            )
            if self._failure is not None:
                raise self._failure
            if size is not None and len(self._data) < size:
                raise _broken(f"ended before the requested byte {size}")

    @property
    def _over(self) -> bool:
        return self._complete or self._failure is not None

    def _fail(self, failure: BaseException) -> None:
        if not self._over:
            self._failure = failure
            self._changed.notify_all()


class StoredReader:
    """A `BodySource` over a part of a stored body.

    Args:
        body: What to read.
        start: Where to begin.
        end: Where to stop; None is the end.
    """

    def __init__(self, body: StoredBody, start: int, end: int | None) -> None:
        self._body = body
        self._at = start
        self._end = end
        self._open = True

    def read_chunk(self) -> bytes:
        """Return the next bytes, waiting for them if need be; ``b""`` is the end.

        Raises:
            BodyFailure: The object broke off.
        """
        if not self._open:
            return b""
        data = self._body.take(self._at, self._end)
        self._at += len(data)
        return data

    def close(self) -> None:
        """Read no more."""
        self._open = False


def _end(start: int, end: int | None) -> int:
    return start + _AT_ONCE if end is None else min(end, start + _AT_ONCE)


def _broken(how: str) -> BodyFailure:
    return BodyFailure("generic-error", f"the cached object {how}")
