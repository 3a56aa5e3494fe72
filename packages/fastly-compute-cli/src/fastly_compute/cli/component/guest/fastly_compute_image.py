"""Lays the image out for the requests that start from it.

A sandbox shares the image's pages with all others and gets a copy of each that it writes to. The
copying is what a new sandbox spends most of its time on, so what a request writes to is put on few
pages.
"""

import gc
import marshal
import sys
import types
from collections.abc import Callable

# Of dlmalloc, from which this CPython takes all its memory: a chunk's size is a multiple, and its
# head precedes the requested bytes.
_STEP = 16
_HEAD = 4
_EMPTY_BYTES = sys.getsizeof(b"")
_LARGEST_HOLE = 1 << 20
_MOST_HOLES = 1 << 16


def fill_holes() -> list[object]:
    """Take the places that are free between objects, so that new ones lie side by side.

    Returns:
        The objects to keep, so that the holes stay filled.
    """
    gc.collect()
    kept: list[object] = [None] * _MOST_HOLES
    limit = id(bytes(2 * _LARGEST_HOLE))
    used, size = 0, _LARGEST_HOLE
    while used < _MOST_HOLES:
        block = bytes(size - _HEAD - _EMPTY_BYTES) if size > _STEP else object()
        if id(block) < limit:
            kept[used] = block
            used += 1
        elif size > _STEP:
            size -= max(size >> 3 & -_STEP, _STEP)
        else:
            break
    del kept[used:]
    return kept


def gather_code(run: Callable[[], None]) -> list[object]:
    """Give the functions that run new code, side by side: code counts in itself how often it ran.

    Args:
        run: Runs them.

    Returns:
        The objects to keep, so that the code stays together.
    """
    ran: dict[int, types.CodeType] = {}

    def note(frame: types.FrameType, event: str, arg: object) -> None:
        ran[id(frame.f_code)] = frame.f_code

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    functions = [one for one in gc.get_objects() if type(one) is types.FunctionType]
    kept = fill_holes()
    copies: dict[int, types.CodeType] = {}
    for code in ran.values():
        _copy(code, copies)
    for function in functions:
        function.__code__ = copies.get(id(function.__code__), function.__code__)
    return kept


def _copy(code: types.CodeType, copies: dict[int, types.CodeType]) -> types.CodeType:
    if id(code) not in copies:
        inner = []
        for one in code.co_consts:
            if isinstance(one, str):
                # This makes it immortal now: the instruction that loads it adapts to that.
                marshal.loads(marshal.dumps(sys.intern(one)))  # noqa: S302
            inner.append(_copy(one, copies) if isinstance(one, types.CodeType) else one)
        copies[id(code)] = code.replace(co_consts=tuple(inner))
    return copies[id(code)]
