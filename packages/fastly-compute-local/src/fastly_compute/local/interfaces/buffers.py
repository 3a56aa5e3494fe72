"""Return values that may be larger than the guest's buffer."""

from collections.abc import Sequence
from typing import TypeVar

from componentize_py_types import Err
from wit_world.imports.types import Error_BufferLen

T = TypeVar("T", str, bytes)


def fit(value: T, max_len: int) -> T:
    """Return *value*, or raise the error that reports how long it is."""
    length = len(value.encode()) if isinstance(value, str) else len(value)
    if length > max_len:
        raise Err(Error_BufferLen(length))
    return value


def fit_items(items: Sequence[bytes], max_len: int, cursor: int) -> tuple[bytes, int | None]:
    """Return as many items from *cursor* as fit, each followed by a NUL, and the next cursor."""
    part = b""
    for index in range(cursor, len(items)):
        item = items[index] + b"\0"
        if len(part) + len(item) > max_len:
            if not part:
                raise Err(Error_BufferLen(len(item)))
            return part, index
        part += item
    return part, None
