"""The body of a request that is sent while the guest still writes it."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

from fastly_compute.local.interfaces.async_io import wait_for
from fastly_compute.local.server.downstream import ClientGone, RawHeaders
from fastly_compute.local.transport import BodyFailure

_ROOM = 256 * 1024
"""Most bytes that may be written ahead of the sending."""


class Upload:
    """Passes what the guest writes to the sending thread; a writer that is too fast waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._ended: BodyFailure | bool = False
        self._taken = False
        self._room: Future[object] | None = None

    def write(self, data: bytes) -> None:
        """Add bytes, waiting for room. Raises `ClientGone` once the request is no longer sent."""
        # Not a wait on the condition: this one ends with the guest's time limit.
        wait_for([self.waiting()], None)
        with self._changed:
            if self._taken:
                raise ClientGone("the request is no longer being sent")
            self._parts.append(data)
            self._held += len(data)
            self._changed.notify_all()

    def finish(self, trailers: RawHeaders) -> None:
        """End the body; trailers of HTTP/1.1 requests are not sent, as in Viceroy."""
        with self._changed:
            if self._ended is False:
                self._ended = True
                self._changed.notify_all()

    def abort(self) -> None:
        """Abort the body."""
        with self._changed:
            if self._ended is False:
                self._ended = BodyFailure("http-incomplete", "the guest dropped it unfinished")
                self._changed.notify_all()

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for before writing, or None if there is room."""
        with self._changed:
            if self._taken or self._held < _ROOM:
                return None
            if self._room is None:
                self._room = Future()
            return self._room

    def parts(self) -> Iterator[bytes]:
        """Iterate over what is written. Raises `BodyFailure` if the body is aborted."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._parts or self._ended is not False)
                if not self._parts:
                    if isinstance(self._ended, BodyFailure):
                        raise self._ended
                    return
                data = self._parts.popleft()
                self._held -= len(data)
                self._make_room()
            yield data

    def stop(self) -> None:
        """Accept no more: the request was sent, or cannot be sent."""
        with self._changed:
            self._taken = True
            self._make_room()

    def _make_room(self) -> None:
        self._changed.notify_all()
        if self._room is not None and (self._taken or self._held < _ROOM):
            self._room.set_result(None)
            self._room = None
