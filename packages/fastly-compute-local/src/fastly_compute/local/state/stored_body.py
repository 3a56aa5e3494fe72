"""A body with many readers while it is still being written."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from fastly_compute.local.server.downstream import ClientGone, RawHeaders
from fastly_compute.local.transport import BodyFailure

_AT_ONCE = 1 << 16
"""Bytes that a reader gets at once: it has to keep those that it does not need yet."""


class StoredBody:
    """The content of a cached object: written once, by one writer, and kept.

    Args:
        announced: The announced length, if any.
    """

    def __init__(self, announced: int | None = None) -> None:
        self._grown: Callable[[int], None] | None = None
        self._announced = announced
        self._changed = threading.Condition()
        self._data = bytearray()
        self._complete = False
        self._failure: BaseException | None = None

    @property
    def complete(self) -> bool:
        """Whether it is complete."""
        return self._complete

    @property
    def failed(self) -> bool:
        """Whether it was aborted or failed."""
        return self._failure is not None

    @property
    def size(self) -> int:
        """How many bytes have been written."""
        return len(self._data)

    @property
    def length(self) -> int | None:
        """Its length or announced length; None if only known at the end."""
        return len(self._data) if self._complete else self._announced

    def report_growth(self, to: Callable[[int], None]) -> None:
        """Call a function with the number of bytes of each further write."""
        self._grown = to

    def write(self, data: bytes) -> None:
        """Add bytes to the end.

        Raises:
            ClientGone: It has failed, or fails now because it exceeds the announced length.
        """
        with self._changed:
            if self._announced is not None and len(self._data) + len(data) > self._announced:
                self._fail(_broken(f"is longer than the {self._announced} bytes announced"))
            if self._failure is not None or self._complete:
                raise ClientGone("the cache does not accept more of this object")
            self._data += data
            self._changed.notify_all()
        if self._grown is not None:
            # Not under the lock: threads that hold the cache's lock look at this body.
            self._grown(len(data))

    def finish(self, trailers: RawHeaders) -> None:
        """End it; it is complete unless it is shorter than announced.

        Args:
            trailers: Ignored, as a cached object has none.
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
        """Abort it, unless it is complete.

        Args:
            failure: Raised to its readers once they have read what was written.
        """
        with self._changed:
            self._fail(failure)

    def waiting(self) -> "Future[object] | None":
        """Return None: writing never has to wait."""
        return None

    def reader(self, start: int = 0, end: int | None = None) -> "StoredReader":
        """Return a reader for all of it, or a part.

        Args:
            start: The offset to start at.
            end: The offset to stop at; None is the end.
        """
        return StoredReader(self, start, end)

    def take(self, start: int, end: int | None) -> bytes:
        """Return the bytes from *start* up to *end* written so far, waiting for at least one.

        Returns:
            The bytes, or ``b""`` if nothing is left.

        Raises:
            BodyFailure: It was aborted. Any other exception that it failed with is raised as is.
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
        """Wait until it has a number of bytes, or has ended.

        Args:
            size: How many bytes; None is all of them.

        Raises:
            BodyFailure: It ended before, or failed.
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
        body: The body to read.
        start: The offset to start at.
        end: The offset to stop at; None is the end.
    """

    def __init__(self, body: StoredBody, start: int, end: int | None) -> None:
        self._body = body
        self._at = start
        self._end = end
        self._open = True

    def read_chunk(self) -> bytes:
        """Return the next bytes, waiting for them if necessary; ``b""`` marks the end.

        Raises:
            BodyFailure: The body failed.
        """
        if not self._open:
            return b""
        data = self._body.take(self._at, self._end)
        self._at += len(data)
        return data

    def close(self) -> None:
        """Stop reading."""
        self._open = False


def _end(start: int, end: int | None) -> int:
    return start + _AT_ONCE if end is None else min(end, start + _AT_ONCE)


def _broken(how: str) -> BodyFailure:
    return BodyFailure("generic-error", f"the cached object {how}")
