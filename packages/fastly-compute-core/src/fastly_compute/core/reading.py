"""Read values for which the caller must guess the size of the host's buffer."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from fastly_compute.core import bindings
from fastly_compute.core.errors import case_of

T = TypeVar("T")
B = TypeVar("B", str, bytes)
Ts = TypeVarTuple("Ts")

FIRST = 8 * 1024
LARGEST = 1 << 32


def read_sized(call: Callable[[int], T], first: int = FIRST) -> T:
    """Call a host function with increasing ``max-len`` until the result fits.

    Args:
        call: The host function, taking ``max-len`` in bytes.
        first: The first ``max-len`` to try.

    Returns:
        The result of the host function.

    Raises:
        Exception: Any other error of the host, or ``buffer-len`` with 4 GiB.
    """
    size = first
    while True:
        try:
            return call(size)
        except bindings.Err as err:
            if not _is_too_small(size, err.value):
                raise
            size = _larger(size, err.value)


def _is_too_small(size: int, error: object) -> bool:
    return case_of(error) == "buffer-len" and size < LARGEST


def _larger(size: int, error: object) -> int:
    # A host that does not know the size it needs reports 0.
    needed: int = getattr(error, "value", 0)
    return min(max(needed, size * 2), LARGEST)


def read_items(
    call: Callable[[*Ts, int, int], tuple[B, int | None]], *arguments: *Ts, first: int = FIRST
) -> list[B]:
    """Read a list that the host returns in parts, with a NUL after each item.

    Args:
        call: The host function, taking ``max-len`` in bytes and a cursor.
        *arguments: What it takes before these.
        first: The first ``max-len`` to try.

    Returns:
        The items, in the host's order.

    Raises:
        Exception: Any error of the host other than ``buffer-len``.
    """
    items: list[B] = []
    cursor: int | None = 0
    size = first
    while cursor is not None:
        # Not by read_sized, which would take three more calls for each header of a request.
        try:
            part, cursor = call(*arguments, size, cursor)
        except bindings.Err as err:
            if not _is_too_small(size, err.value):
                raise
            size = _larger(size, err.value)
            continue
        size = first
        nul = "\0" if isinstance(part, str) else b"\0"
        if part:
            items += part.removesuffix(nul).split(nul)
    return items
