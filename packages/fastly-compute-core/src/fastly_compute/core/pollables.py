"""Waiting for what the host does meanwhile."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import async_io
else:
    async_io = bindings.interface("async_io")


def select(pollables: "Sequence[async_io.Pollable]", timeout_ms: int | None) -> int | None:
    """Wait until one of them is ready (``async-io.select``, ``select-with-timeout``).

    Args:
        pollables: The resources to wait for, at least one.
        timeout_ms: The longest time to wait, in milliseconds; None for no limit.

    Returns:
        The index of the first that is ready; None after the timeout.
    """
    waiting = list(pollables)
    if timeout_ms is None:
        return async_io.select(waiting)
    return async_io.select_with_timeout(waiting, timeout_ms)
