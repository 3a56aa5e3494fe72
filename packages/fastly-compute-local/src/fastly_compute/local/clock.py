"""The clock of a host: real time plus whatever a test has advanced it by."""

import math
import threading
import time
from collections.abc import Callable


class Clock:
    """The time source for everything in a host that ages: KV items, rates, cached objects.

    Threads may share one.

    Example:
        >>> from fastly_compute.local.clock import Clock
        >>> clock = Clock(lambda: 1000.0)
        >>> clock.advance(60)
        >>> clock.now()
        1060.0

    Args:
        real: Returns the seconds since the epoch that the clock starts from.
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._moved = 0.0

    def now(self) -> float:
        """Return the seconds since the epoch, advances included."""
        return self._real() + self._moved

    def advance(self, seconds: float) -> None:
        """Advance the clock at once.

        Args:
            seconds: How far; more than 0.

        Raises:
            ValueError: *seconds* is not finite, or is not more than 0.
        """
        if not (seconds > 0 and math.isfinite(seconds)):
            raise ValueError(f"cannot advance a clock by {seconds!r} s: must be finite and above 0")
        with self._lock:
            self._moved += seconds
