"""The time of a host: the real one, and what a test moved it by."""

import math
import threading
import time
from collections.abc import Callable


class Clock:
    """Tells the time to everything of a host that ages: KV items, rates, cached objects.

    All threads may share one.

    Example:
        >>> from fastly_compute.local.clock import Clock
        >>> clock = Clock(lambda: 1000.0)
        >>> clock.advance(60)
        >>> clock.now()
        1060.0

    Args:
        real: Tells the seconds since the epoch that the clock starts from.
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._moved = 0.0

    def now(self) -> float:
        """Tell the seconds since the epoch, with what the clock was moved by."""
        return self._real() + self._moved

    def advance(self, seconds: float) -> None:
        """Let time pass at once.

        Args:
            seconds: How much, more than 0.

        Raises:
            ValueError: It is not more than 0, or not finite: time does not go back.
        """
        if not (seconds > 0 and math.isfinite(seconds)):
            raise ValueError(f"cannot advance a clock by {seconds!r} s: must be finite and above 0")
        with self._lock:
            self._moved += seconds
