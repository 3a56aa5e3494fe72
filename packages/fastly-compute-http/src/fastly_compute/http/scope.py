"""What belongs to one request: what it left open, and what the next one must not see."""

from contextvars import ContextVar
from typing import Protocol
from weakref import WeakKeyDictionary, ref


class Open(Protocol):
    """A thing of the host's that is closed in the end."""

    def close(self) -> None:
        """Release it; closing again does nothing."""


class _Scope:
    __slots__ = ("noted", "own")

    def __init__(self, noted: "list[ref[Open]] | None") -> None:
        self.noted = noted
        self.own: WeakKeyDictionary[object, object] | None = None


# Natively, several sandboxes run at once, each in a thread of its own.
_scope: ContextVar[_Scope | None] = ContextVar("fastly_compute.http.scope", default=None)


def begin(*, closing: bool) -> None:
    """Begin a request.

    Args:
        closing: Whether `end` closes what is opened from now on.
    """
    _scope.set(_Scope([] if closing else None))


def register(thing: Open) -> None:
    """Take note of a thing, where someone wants to know."""
    scope = _scope.get()
    if scope is not None and scope.noted is not None:
        scope.noted.append(ref(thing))


def request_local() -> "WeakKeyDictionary[object, object] | None":
    """What others keep for the request that is being served, by who does; None without one."""
    scope = _scope.get()
    if scope is None:
        return None
    if scope.own is None:
        scope.own = WeakKeyDictionary()
    return scope.own


def end() -> None:
    """Forget what was the request's own, and close what it opened and is still there."""
    scope = _scope.get()
    _scope.set(None)
    if scope is None or scope.noted is None:
        return
    for reference in scope.noted:
        thing = reference()
        if thing is not None:
            thing.close()
