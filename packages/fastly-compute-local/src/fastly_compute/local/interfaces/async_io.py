"""`fastly:compute/async-io`: what can be waited for."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Self

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import DeadlineExceeded, Trap


class Pollable(Resource):
    """Anything that becomes ready: bodies and pending answers are this one resource."""

    @classmethod
    def new_ready(cls) -> Self:
        """Make one that is ready."""
        return cls()

    def waiting(self) -> "Future[object] | None":
        """What it waits for: it is ready when that is done. None where it is ready now."""
        return None

    def is_ready(self) -> bool:
        """Tell whether it is ready."""
        pending = self.waiting()
        return pending is None or pending.done()


def wait_for(pending: "Sequence[Future[object] | None]", seconds: float | None) -> int | None:
    """Wait for one of several, not longer than the guest's own time lasts.

    Args:
        pending: What to wait for; None is ready.
        seconds: How long, None for as long as it takes.

    Returns:
        The index of the first that is ready, None where none is in time.

    Raises:
        DeadlineExceeded: The guest's time is up.
    """
    end = None if seconds is None else time.monotonic() + seconds
    deadline = running().deadline
    while True:
        for index, future in enumerate(pending):
            if future is None or future.done():
                return index
        now = time.monotonic()
        if end is not None and now >= end:
            return None
        if deadline is not None and now >= deadline:
            raise DeadlineExceeded
        ends = [moment for moment in (end, deadline) if moment is not None]
        with running().resting():
            wait(
                [future for future in pending if future is not None],
                timeout=min(ends) - now if ends else None,
                return_when=FIRST_COMPLETED,
            )


def _check(handles: list[Pollable]) -> None:
    if len({id(handle) for handle in handles}) < len(handles):
        raise Trap("async-io.select was given the same handle twice")


def wait_until_ready(handles: Sequence[Pollable], seconds: float | None) -> int | None:
    """Wait for one of several handles as `wait_for` does; what they wait for may change."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        left = None if end is None else max(end - time.monotonic(), 0)
        index = wait_for([handle.waiting() for handle in handles], left)
        if index is None:
            return None
        pending = handles[index].waiting()
        if pending is None or pending.done():
            return index


def select(handles: list[Pollable]) -> int:
    """Return the index of the first ready handle, waiting for one."""
    if not handles:
        raise Trap("async-io.select was called without handles and would wait forever")
    _check(handles)
    index = wait_until_ready(handles, None)
    if index is None:
        raise AssertionError("a wait without a timeout has timed out")
    return index


def select_with_timeout(handles: list[Pollable], timeout_ms: int) -> int | None:
    """Return the index of the first ready handle, or none after the time."""
    _check(handles)
    if not handles:
        # Nothing can end the wait early: this is the guest's way to sleep.
        never: Future[object] = Future()
        return wait_for([never], timeout_ms / 1000)
    return wait_until_ready(handles, timeout_ms / 1000)
