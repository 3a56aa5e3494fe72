"""Lets as many sandboxes run at once as there is work for the cores; the others wait in order."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Takes turns among sandboxes: more of them at once would only slow each other down.

    A sandbox gives its turn up while it waits, for an origin or for its client. One that waits
    where nobody sees it, or computes for long, loses its turn after a moment and runs on beside the
    others: a turn is never what somebody waits for without end.

    Args:
        count: How many may have a turn at once.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._holders: set[object] = set()
        self._seen: set[object] = set()
        self._queue: deque[tuple[object, threading.Event]] = deque()

    @contextmanager
    def taken(self, sandbox: object) -> Iterator[None]:
        """Wait for a turn, and have it until the end of the `with`."""
        self._take(sandbox, resumed=False)
        try:
            yield
        finally:
            self._give_up(sandbox)

    @contextmanager
    def given_up(self, sandbox: object) -> Iterator[None]:
        """Give the turn up for the `with`. Afterwards it is this sandbox's turn before new ones."""
        self._give_up(sandbox)
        try:
            yield
        finally:
            self._take(sandbox, resumed=True)

    def expire(self) -> None:
        """Take the turn of those that have had it since the last call. Call it now and then."""
        with self._lock:
            self._holders -= self._seen
            self._pass_on()
            self._seen = set(self._holders)

    def _take(self, sandbox: object, *, resumed: bool) -> None:
        turn = threading.Event()
        with self._lock:
            if resumed:
                self._queue.appendleft((sandbox, turn))
            else:
                self._queue.append((sandbox, turn))
            self._pass_on()
        turn.wait()

    def _give_up(self, sandbox: object) -> None:
        with self._lock:
            self._holders.discard(sandbox)
            self._seen.discard(sandbox)
            self._pass_on()

    def _pass_on(self) -> None:
        while self._queue and len(self._holders) < self._count:
            sandbox, turn = self._queue.popleft()
            self._holders.add(sandbox)
            turn.set()
