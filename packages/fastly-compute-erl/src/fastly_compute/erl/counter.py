"""Rate counters."""

from typing import Self

from fastly_compute.core import Handle
from fastly_compute.erl import _wit
from fastly_compute.erl.options import (
    LONGEST_ENTRY,
    LONGEST_NAME,
    MOST_INCREMENT,
    CountDuration,
    RateWindow,
    checked_duration,
    checked_number,
    checked_text,
    checked_window,
)


class RateCounter(Handle["_wit.erl.RateCounter"]):
    """Counts events by entry, such as requests by the client's address.

    All counts are estimates, and each POP has its own. An entry has 1 to 256 bytes of UTF-8.

    Example:
        >>> from fastly_compute.erl import RateCounter
        >>> def failed_logins(client: str) -> int:
        ...     with RateCounter.open("failed-logins") as counter:
        ...         counter.increment(client)
        ...         return counter.lookup_count(client, duration=60)
    """

    __slots__ = ("_name",)

    _created_by = "RateCounter.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a counter, which is created on first use (``rate-counter.open``).

        Args:
            name: Its name: 1 to 1024 bytes of UTF-8.

        Returns:
            The counter.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidErlOption: The name is invalid.
            ErlNameRefused: The host rejects the name.
            ErlUnsupported: This host or service has no edge rate limiting.
            ErlCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        checked_text(name, "name", LONGEST_NAME)
        counter = cls._wrap(_wit.open_counter(name))
        counter._name = name
        return counter

    @property
    def name(self) -> str:
        """The counter's name."""
        return self._name

    def increment(self, entry: str, delta: int = 1) -> None:
        """Count events of an entry (``rate-counter.increment``).

        Args:
            entry: The entry.
            delta: How many events, 0 to 1,000.

        Raises:
            TypeError: A value has another type.
            InvalidErlOption: A value is invalid.
            HandleClosed: The counter was closed.
            ErlCallFailed: The host refused.
        """
        checked_text(entry, "entry", LONGEST_ENTRY)
        checked_number(delta, "delta", 0, MOST_INCREMENT)
        _wit.increment(self._resource, self._name, entry, delta)

    def lookup_rate(self, entry: str, *, window: RateWindow) -> int:
        """Return the events per second of an entry (``rate-counter.lookup-rate``).

        Args:
            entry: The entry.
            window: The seconds over which it is estimated: 1, 10 or 60.

        Returns:
            Events per second, 0 for an entry that was not counted.

        Raises:
            TypeError: A value has another type.
            InvalidErlOption: A value is invalid.
            HandleClosed: The counter was closed.
            ErlCallFailed: The host refused.
        """
        checked_text(entry, "entry", LONGEST_ENTRY)
        seconds = checked_window(window)
        return _wit.lookup_rate(self._resource, self._name, entry, seconds)

    def lookup_count(self, entry: str, *, duration: CountDuration) -> int:
        """Return the number of events of an entry (``rate-counter.lookup-count``).

        The platform counts in steps that begin at :00, :10, :20 and so on of each minute: the last
        of them is not complete.

        Args:
            entry: The entry.
            duration: The seconds over which it is estimated: 10, 20, 30, 40, 50 or 60.

        Returns:
            Events, 0 for an entry that was not counted.

        Raises:
            TypeError: A value has another type.
            InvalidErlOption: A value is invalid.
            HandleClosed: The counter was closed.
            ErlCallFailed: The host refused.
        """
        checked_text(entry, "entry", LONGEST_ENTRY)
        seconds = checked_duration(duration)
        return _wit.lookup_count(self._resource, self._name, entry, seconds)

    def __repr__(self) -> str:
        return f"<RateCounter {self._name!r}>"
