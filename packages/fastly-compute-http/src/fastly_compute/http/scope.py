"""What one request left open, so that a sandbox that is reused does not take it to the next."""

from contextvars import ContextVar
from typing import Protocol
from weakref import ref


class Open(Protocol):
    """A thing of the host's that is closed in the end."""

    def close(self) -> None:
        """Release it; closing again does nothing."""


# Natively, several sandboxes run at once, each in a thread of its own.
_open: ContextVar["list[ref[Open]] | None"] = ContextVar("fastly_compute.http.scope", default=None)


def begin() -> None:
    """Take note of what is opened from now on."""
    _open.set([])


def note(thing: Open) -> None:
    """Take note of a thing, where someone wants to know."""
    noted = _open.get()
    if noted is not None:
        noted.append(ref(thing))


def close_all() -> None:
    """Close what was opened since `begin` and is still there, and take note of no more."""
    noted = _open.get() or []
    _open.set(None)
    for reference in noted:
        thing = reference()
        if thing is not None:
            thing.close()
