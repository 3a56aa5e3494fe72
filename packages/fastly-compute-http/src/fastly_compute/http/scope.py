"""What one request left open, so that a sandbox that is reused does not take it to the next."""

from typing import Protocol
from weakref import ref


class Open(Protocol):
    """A thing of the host's that is closed in the end."""

    def close(self) -> None:
        """Release it; closing again does nothing."""


_open: list["ref[Open]"] | None = None


def begin() -> None:
    """Take note of what is opened from now on."""
    global _open
    _open = []


def note(thing: Open) -> None:
    """Take note of a thing, where someone wants to know."""
    if _open is not None:
        _open.append(ref(thing))


def close_all() -> None:
    """Close what was opened since `begin` and is still there, and begin anew."""
    left = _open or []
    begin()
    for reference in left:
        thing = reference()
        if thing is not None:
            thing.close()
