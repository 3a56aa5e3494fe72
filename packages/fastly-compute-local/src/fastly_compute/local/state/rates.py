"""The rate counters and penalty boxes of a host, shared by all its sandboxes."""

import threading
from collections import deque

from fastly_compute.local.clock import Clock

WINDOWS = (1, 10, 60)
"""The windows for rates, in seconds."""

DURATIONS = (10, 20, 30, 40, 50, 60)
"""The durations for counts, in seconds."""

_KEPT = 60
_MINUTE = 60
_HOUR = 3600
_MOST = (1 << 32) - 1


class RateRefused(ValueError):
    """An argument is not one that the platform documents."""


class RateCounters:
    """All rate counters of a host, by name. Every method can be called from any thread.

    Counts are kept per second, for a minute. The platform only estimates, over all machines of a
    POP; here the counts are exact.

    Args:
        clock: The clock for seconds, by default a new one.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], deque[tuple[int, int]]] = {}

    def increment(self, counter: str, entry: str, delta: int) -> None:
        """Count *delta* events of an entry."""
        with self._lock:
            second = int(self._clock.now())
            counts = self._counts.setdefault((counter, entry), deque())
            while counts and counts[0][0] <= second - _KEPT:
                counts.popleft()
            if counts and counts[-1][0] == second:
                delta += counts.pop()[1]
            counts.append((second, delta))

    def count(self, counter: str, entry: str, duration: int) -> int:
        """Count the events of an entry in the last 10, 20, 30, 40, 50 or 60 seconds.

        Raises:
            RateRefused: The duration is not one of these.
        """
        return min(self._total(counter, entry, duration, DURATIONS), _MOST)

    def rate(self, counter: str, entry: str, window: int) -> int:
        """Return the events per second of an entry over the last 1, 10 or 60 seconds, rounded down.

        Raises:
            RateRefused: The window is not one of these.
        """
        return min(self._total(counter, entry, window, WINDOWS) // window, _MOST)

    def exceeds(self, counter: str, entry: str, window: int, limit: int) -> bool:
        """Return whether an entry has more than *limit* events per second over a window.

        Raises:
            RateRefused: The window is not 1, 10 or 60 seconds.
        """
        return self._total(counter, entry, window, WINDOWS) > limit * window

    def _total(self, counter: str, entry: str, seconds: int, known: tuple[int, ...]) -> int:
        if seconds not in known:
            choice = ", ".join(str(number) for number in known)
            raise RateRefused(f"invalid period: {seconds} s (must be one of {choice})")
        with self._lock:
            since = int(self._clock.now()) - seconds
            counts = self._counts.get((counter, entry), ())
            return sum(number for second, number in counts if second > since)


class PenaltyBoxes:
    """All penalty boxes of a host, by name. Every method can be called from any thread.

    Args:
        clock: The clock for seconds, by default a new one.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._until: dict[tuple[str, str], float] = {}

    def add(self, box: str, entry: str, ttl: int) -> None:
        """Add an entry to a box for *ttl* seconds, of which only whole minutes count.

        Raises:
            RateRefused: *ttl* is less than a minute or more than an hour.
        """
        until = self._clock.now() + check_ttl(ttl)
        with self._lock:
            self._until[box, entry] = until

    def has(self, box: str, entry: str) -> bool:
        """Return whether an entry is in a box."""
        with self._lock:
            until = self._until.get((box, entry))
            if until is not None and until <= self._clock.now():
                del self._until[box, entry]
                return False
            return until is not None


def check_ttl(ttl: int) -> int:
    """Return how many seconds an entry with this TTL stays in a penalty box.

    Raises:
        RateRefused: *ttl* is less than a minute or more than an hour.
    """
    if not _MINUTE <= ttl <= _HOUR:
        raise RateRefused(f"invalid TTL: {ttl} s (must be {_MINUTE} to {_HOUR})")
    return ttl // _MINUTE * _MINUTE
