"""`fastly:compute/async-io`: what can be waited for."""

import threading
from typing import Self

from fastly_compute.local.resource import Resource
from fastly_compute.local.trap import Trap


class Pollable(Resource):
    """Anything that becomes ready: bodies and pending answers are this one resource.

    In this cut nothing is ever pending: every call ends before it returns.
    """

    @classmethod
    def new_ready(cls) -> Self:
        """Make one that is ready."""
        return cls()

    def is_ready(self) -> bool:
        """Tell whether it is ready."""
        return True


def _check(handles: list[Pollable]) -> None:
    if len({id(handle) for handle in handles}) < len(handles):
        raise Trap("async-io.select was given the same handle twice")


def select(handles: list[Pollable]) -> int:
    """Return the index of a ready handle."""
    if not handles:
        raise Trap("async-io.select was given no handle and would wait for ever")
    _check(handles)
    return 0


def select_with_timeout(handles: list[Pollable], timeout_ms: int) -> int | None:
    """Return the index of a ready handle, or none after the time."""
    _check(handles)
    if not handles:
        # Nothing can end the wait early: this is the guest's way to sleep.
        threading.Event().wait(timeout_ms / 1000)
        return None
    return 0
