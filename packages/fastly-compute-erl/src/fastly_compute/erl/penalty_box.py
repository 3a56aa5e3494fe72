"""Penalty boxes."""

from datetime import timedelta
from typing import Self

from fastly_compute.core import Handle
from fastly_compute.erl import _wit
from fastly_compute.erl.options import LONGEST_ENTRY, LONGEST_NAME, checked_text, whole_minutes


class PenaltyBox(Handle["_wit.erl.PenaltyBox"]):
    """Holds entries for a time, such as the addresses of clients that sent too many requests.

    Each POP has its own. An entry has 1 to 256 bytes of UTF-8.

    Example:
        >>> from datetime import timedelta
        >>> from fastly_compute.erl import PenaltyBox
        >>> def lock_out(client: str) -> None:
        ...     with PenaltyBox.open("offenders") as box:
        ...         box.add(client, timedelta(minutes=5))
    """

    __slots__ = ("_name",)

    _created_by = "PenaltyBox.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a box, which is created on first use (``penalty-box.open``).

        Args:
            name: Its name: 1 to 1024 bytes of UTF-8.

        Returns:
            The box.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidErlOption: The name is invalid.
            ErlNameRefused: The host rejects the name.
            ErlUnsupported: This host or service has no edge rate limiting.
            ErlCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        checked_text(name, "name", LONGEST_NAME)
        box = cls._wrap(_wit.open_box(name))
        box._name = name
        return box

    @property
    def name(self) -> str:
        """The box's name."""
        return self._name

    def add(self, entry: str, ttl: timedelta) -> None:
        """Put an entry into the box, or replace its time if it is there (``penalty-box.add``).

        Args:
            entry: The entry.
            ttl: How long it stays: whole minutes, from 1 minute to 1 hour. The platform may keep it
                up to a minute longer.

        Raises:
            TypeError: A value has another type.
            InvalidErlOption: A value is invalid.
            HandleClosed: The box was closed.
            ErlCallFailed: The host refused.
        """
        checked_text(entry, "entry", LONGEST_ENTRY)
        seconds = whole_minutes(ttl)
        _wit.add(self._resource, self._name, entry, seconds)

    def has(self, entry: str) -> bool:
        """Return whether an entry is in the box (``penalty-box.has``).

        Args:
            entry: The entry.

        Returns:
            Whether it is.

        Raises:
            TypeError: The entry is not a ``str``.
            InvalidErlOption: The entry is invalid.
            HandleClosed: The box was closed.
            ErlCallFailed: The host refused.
        """
        checked_text(entry, "entry", LONGEST_ENTRY)
        return _wit.has(self._resource, self._name, entry)

    def __repr__(self) -> str:
        return f"<PenaltyBox {self._name!r}>"
