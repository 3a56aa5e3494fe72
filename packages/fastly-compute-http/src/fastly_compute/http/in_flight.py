"""Requests of this sandbox that other lookups of it may wait for.

A lookup waits for the request that fetches the same response. If both are of the same sandbox, the
request must continue meanwhile, or both would wait forever.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from fastly_compute import core

if TYPE_CHECKING:
    from wit_world.imports import async_io


class Fetch(Protocol):
    """A request that may have to store its response."""

    @property
    def _fetching(self) -> "async_io.Pollable | None":
        """The handle to wait for, if the request was sent and its response is not stored."""

    def _advance(self) -> None:
        """Store the response."""


# Natively, several sandboxes run at once, each in its own thread.
_fetches: ContextVar[WeakSet[Fetch]] = ContextVar("fastly_compute.http.in_flight")


def begin() -> WeakSet[Fetch]:
    """Return this sandbox's requests; tasks that begin later have the same."""
    known = _fetches.get(None)
    if known is None:
        known = WeakSet()
        _fetches.set(known)
    return known


def register(fetch: Fetch) -> None:
    """Register a request until it is dropped."""
    begin().add(fetch)


def is_any() -> bool:
    """Return whether a request of this sandbox was sent and its response is not stored."""
    known = _fetches.get(None)
    return known is not None and any(fetch._fetching is not None for fetch in known)


def select(pollables: "Sequence[async_io.Pollable]", timeout_ms: int | None) -> int | None:
    """Wait as `core.select` does, while the registered requests continue.

    Args:
        pollables: The resources to wait for, at least one.
        timeout_ms: The longest time to wait, in milliseconds; None for no limit.

    Returns:
        The index of the first that is ready; None after the timeout.
    """
    known = _fetches.get(None)
    end = None if timeout_ms is None else monotonic() + timeout_ms / 1000
    left = timeout_ms
    while True:
        waiting = [(fetch, fetch._fetching) for fetch in known or ()]
        others = [
            (fetch, pollable)
            for fetch, pollable in waiting
            if pollable is not None and not any(pollable is own for own in pollables)
        ]
        index = core.select([*pollables, *(pollable for _, pollable in others)], left)
        if index is None or index < len(pollables):
            return index
        others[index - len(pollables)][0]._advance()
        if end is not None:
            left = max(0, round((end - monotonic()) * 1000))
