"""Let only as many sandboxes run at once as the cores can handle; the others wait in order."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Takes turns among sandboxes: running more at once would only slow each one down.

    A turn belongs to the thread that a sandbox runs in. The sandbox gives it up while it waits for
    an origin or for its client. One whose wait is not visible, or that computes for long, loses its
    turn after a moment and continues beside the others: no wait for a turn lasts forever.

    Args:
        count: Most turns at once.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._holders: set[int] = set()
        self._seen: set[int] = set()
        self._queue: deque[tuple[int, threading.Event]] = deque()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and keep it until the end of the `with` block."""
        self._take(resumed=False)
        try:
            yield
        finally:
            self._give_up()

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Give up this thread's turn, if it has one, for the `with` block, then take the next."""
        had_one = self._give_up()
        try:
            yield
        finally:
            if had_one:
                self._take(resumed=True)

    def expire(self) -> None:
        """Take the turn from threads that have had it since the last call. Call it regularly."""
        with self._lock:
            self._holders -= self._seen
            self._pass_on()
            self._seen = set(self._holders)

    def _take(self, *, resumed: bool) -> None:
        turn = threading.Event()
        waiting = threading.get_ident(), turn
        with self._lock:
            if resumed:
                self._queue.appendleft(waiting)
            else:
                self._queue.append(waiting)
            self._pass_on()
        turn.wait()

    def _give_up(self) -> bool:
        thread = threading.get_ident()
        with self._lock:
            had_one = thread in self._holders
            self._holders.discard(thread)
            self._seen.discard(thread)
            self._pass_on()
        return had_one

    def _pass_on(self) -> None:
        while self._queue and len(self._holders) < self._count:
            thread, turn = self._queue.popleft()
            self._holders.add(thread)
            turn.set()
