"""`fastly:compute/async-io`: waiting for handles."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Self

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import DeadlineExceeded, Trap


class Pollable(Resource):
    """A handle that becomes ready; bodies and pending responses are this same resource."""

    @classmethod
    def new_ready(cls) -> Self:
        """Make a handle that is ready."""
        return cls()

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for, or None if the handle is ready."""
        return None

    def is_ready(self) -> bool:
        """Return whether the handle is ready."""
        pending = self.waiting()
        return pending is None or pending.done()


def wait_for(pending: "Sequence[Future[object] | None]", seconds: float | None) -> int | None:
    """Wait for the first of several futures, until the guest's time limit at most.

    Args:
        pending: The futures; None stands for one that is done.
        seconds: The longest wait, None for no limit.

    Returns:
        The index of the first that is ready, None if none is in time.

    Raises:
        DeadlineExceeded: The guest's time limit has passed.
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
    """Wait for one of several handles as `wait_for` does; their futures may change meanwhile."""
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
    """Wait for handles, and return the index of the first that is ready."""
    if not handles:
        raise Trap("async-io.select was called without handles and would wait forever")
    _check(handles)
    index = wait_until_ready(handles, None)
    if index is None:
        raise AssertionError("a wait without a timeout has timed out")
    return index


def select_with_timeout(handles: list[Pollable], timeout_ms: int) -> int | None:
    """Wait for handles; return the index of the first that is ready, or None on timeout."""
    _check(handles)
    if not handles:
        # Nothing can end the wait early: this is how the guest sleeps.
        never: Future[object] = Future()
        return wait_for([never], timeout_ms / 1000)
    return wait_until_ready(handles, timeout_ms / 1000)
