"""The body of a request that is being sent while the guest still writes it."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

from fastly_compute.local.interfaces.async_io import wait_for
from fastly_compute.local.server.downstream import ClientGone, RawHeaders
from fastly_compute.local.transport import BodyFailure

_ROOM = 256 * 1024
"""How much may be written ahead of the sending."""


class Upload:
    """Hands what the guest writes to the thread that sends it; a writer that is too fast waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._ended: BodyFailure | bool = False
        self._taken = False
        self._room: Future[object] | None = None

    def write(self, data: bytes) -> None:
        """Add bytes, waiting for room. Raises `ClientGone` where they are sent no more."""
        # Not a wait for the condition: this one ends with the guest's time.
        wait_for([self.waiting()], None)
        with self._changed:
            if self._taken:
                raise ClientGone("the request is no longer being sent")
            self._parts.append(data)
            self._held += len(data)
            self._changed.notify_all()

    def finish(self, trailers: RawHeaders) -> None:
        """End the body; HTTP/1.1 requests leave trailers out here, as Viceroy's do."""
        with self._changed:
            if self._ended is False:
                self._ended = True
                self._changed.notify_all()

    def abort(self) -> None:
        """Break the body off."""
        with self._changed:
            if self._ended is False:
                self._ended = BodyFailure("http-incomplete", "the guest dropped it unfinished")
                self._changed.notify_all()

    def waiting(self) -> "Future[object] | None":
        """What a writer waits for: room; None where there is some."""
        with self._changed:
            if self._taken or self._held < _ROOM:
                return None
            if self._room is None:
                self._room = Future()
            return self._room

    def parts(self) -> Iterator[bytes]:
        """Take what is written, as it comes. Raises `BodyFailure` where it breaks off."""
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
        """Take no more: the request was sent, or cannot be."""
        with self._changed:
            self._taken = True
            self._make_room()

    def _make_room(self) -> None:
        self._changed.notify_all()
        if self._room is not None and (self._taken or self._held < _ROOM):
            self._room.set_result(None)
            self._room = None
