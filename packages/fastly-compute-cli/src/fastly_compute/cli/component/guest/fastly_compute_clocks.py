"""Makes the clocks of `time` continue at run time from where they were in the build.

A host starts `time.monotonic` and the others at zero for each sandbox. What was noted while the
app was imported, such as when an item of a cache expires, would lie in the future for long.
"""

import time
from collections.abc import Callable


class Clock:
    """A clock that never reads less in a sandbox than at the end of the build.

    Its methods replace the functions of `time`: like those, and unlike functions in Python, they do
    not become methods of a class that has one as an attribute.

    Args:
        read: Reads the host's clock, in nanoseconds.
        passes: Whether it also counts the time between the build and a sandbox.
    """

    def __init__(self, read: Callable[[], int], *, passes: bool) -> None:
        self._read = read
        self._passes = passes
        self._offset: int | None = 0
        self._paused = self._paused_at = 0

    def seconds(self) -> float:
        """Read the clock, in seconds."""
        return self.nanoseconds() / 1e9

    def nanoseconds(self) -> int:
        """Read the clock, in nanoseconds."""
        if self._offset is None:
            since = max(time.time_ns() - self._paused_at, 0) if self._passes else 0
            self._offset = self._paused + since - self._read()
        return self._read() + self._offset

    def pause(self) -> None:
        """End the build: the next reading is in a sandbox, and continues from here."""
        self._paused, self._paused_at = self.nanoseconds(), time.time_ns()
        self._offset = None


_clocks = {
    name: Clock(getattr(time, f"{name}_ns"), passes=name != "process_time")
    for name in ("monotonic", "perf_counter", "process_time")
}


def install() -> None:
    """Replace the functions of `time`, before any other module takes them from there."""
    for name, clock in _clocks.items():
        setattr(time, name, clock.seconds)
        setattr(time, f"{name}_ns", clock.nanoseconds)


def pause() -> None:
    """End the build for all clocks."""
    for clock in _clocks.values():
        clock.pause()
