"""The state of one request: its open handles, and values that the next request must not see."""

import sys
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import Protocol
from weakref import WeakKeyDictionary, ref


class Open(Protocol):
    """A host-owned resource that is closed at the end of the request."""

    def close(self) -> None:
        """Release the resource; closing again does nothing."""


class _Scope:
    __slots__ = ("later", "noted", "own")

    def __init__(self, noted: "list[ref[Open]] | None") -> None:
        self.later: list[Callable[[], None]] | None = None
        self.noted = noted
        self.own: WeakKeyDictionary[object, object] | None = None


# Natively, several sandboxes run at once, each in its own thread.
_scope: ContextVar[_Scope | None] = ContextVar("fastly_compute.http.scope", default=None)


def begin(*, closing: bool) -> None:
    """Begin a request.

    Args:
        closing: Whether `end` closes what is opened from now on.
    """
    _scope.set(_Scope([] if closing else None))


def outside() -> Context:
    """Return a copy of this context that belongs to the sandbox, not to one of its requests."""
    context = copy_context()
    context.run(_scope.set, None)
    return context


def is_outside(context: Context | None) -> bool:
    """Return whether a context, by default the current one, does not belong to a request."""
    return (_scope.get() if context is None else context.get(_scope)) is None


def register(thing: Open) -> None:
    """Register a resource to close at the end of the request, if `begin` asked for that."""
    scope = _scope.get()
    if scope is not None and scope.noted is not None:
        scope.noted.append(ref(thing))


def request_local() -> "WeakKeyDictionary[object, object] | None":
    """Return the values stored for the current request, by owner; None outside a request."""
    scope = _scope.get()
    if scope is None:
        return None
    if scope.own is None:
        scope.own = WeakKeyDictionary()
    return scope.own


def after_response(work: Callable[[], None]) -> None:
    """Run work once the response was sent; at once outside a request.

    Args:
        work: The work. An exception that it raises then is written to standard error.
    """
    scope = _scope.get()
    if scope is None:
        work()
    elif scope.later is None:
        scope.later = [work]
    else:
        scope.later.append(work)


def end() -> None:
    """Do what was left for later, drop the request's values, and close what it left open."""
    scope = _scope.get()
    for work in (scope and scope.later) or ():
        try:
            work()
        except Exception:
            sys.excepthook(*sys.exc_info())
    _scope.set(None)
    if scope is None or scope.noted is None:
        return
    for reference in scope.noted:
        thing = reference()
        if thing is not None:
            thing.close()
