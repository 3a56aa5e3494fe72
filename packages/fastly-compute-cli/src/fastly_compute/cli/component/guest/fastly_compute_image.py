"""Lays the image out for the requests that start from it.

A sandbox shares the image's pages with all others and gets a copy of each that it writes to. The
copying is what a new sandbox spends most of its time on, so what a request writes to is put on few
pages.
"""

import enum
import gc
import marshal
import re
import sys
import types
from array import array
from collections.abc import Callable
from typing import Any

# Of dlmalloc, from which this CPython takes all its memory: a chunk's size is a multiple, and its
# head precedes the requested bytes.
_STEP = 16
_HEAD = 4
_EMPTY_BYTES = sys.getsizeof(b"")
_LARGEST_HOLE = 1 << 20
_MOST_HOLES = 1 << 16
_BUFFERED = 1 << 10
# What none but a weak reference to it can tell whether it was freed.
_KINDS = (
    bytes,
    classmethod,
    dict,
    float,
    frozenset,
    int,
    list,
    property,
    re.Pattern,
    set,
    staticmethod,
    str,
    tuple,
    type,
    types.BuiltinFunctionType,
    types.CellType,
    types.CodeType,
    types.FunctionType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.MethodType,
    types.ModuleType,
    types.WrapperDescriptorType,
)


def fill_holes() -> list[object]:
    """Take the places that are free between objects, so that new ones lie side by side.

    Returns:
        The objects to keep, so that the holes stay filled.
    """
    gc.collect()
    kept: list[object] = [None] * _MOST_HOLES
    limit = id(bytes(2 * _LARGEST_HOLE))
    count, size = 0, _LARGEST_HOLE
    while count < _MOST_HOLES:
        block = bytes(size - _HEAD - _EMPTY_BYTES) if size > _STEP else object()
        if id(block) < limit:
            kept[count] = block
            count += 1
        elif size > _STEP:
            size -= max(size >> 3 & -_STEP, _STEP)
        else:
            break
    del kept[count:]
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


class _Numbers:
    """A file of numbers, through a small buffer: a large one would leave its bytes in the image."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._buffer = array("I", bytes(4 * _BUFFERED))
        self._used = 0

    def add(self, number: int) -> None:
        """Write a number."""
        self._buffer[self._used] = number
        self._used += 1
        if self._used == _BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Write what is in the buffer."""
        self._file.write(memoryview(self._buffer)[: self._used])
        self._used = 0


def name_objects(path: str) -> None:
    """Write down where the objects are that the build is to make immortal, and of which types.

    It leaves little memory in use, which would become part of the image.

    Args:
        path: The file: the addresses of the objects and of the types, the number of the types, and
            the address of None.
    """
    gc.collect()
    seen = bytearray(1 << 21)  # a bit for each eight bytes of 128 MiB
    kinds = set(_KINDS)

    def note(one: object) -> None:
        index, bit = id(one) >> 6, 1 << (id(one) >> 3 & 7)
        if index >= len(seen) or seen[index] & bit:
            return
        kind = type(one)
        if issubclass(kind, type | enum.Enum):
            kinds.add(kind)
        elif kind not in kinds:
            return
        seen[index] |= bit
        numbers.add(id(one))
        # These do not tell the collector what they refer to.
        if isinstance(one, tuple | frozenset):
            for item in one:
                note(item)
        elif isinstance(one, types.CodeType):
            for item in (one.co_consts, one.co_names, one.co_name, one.co_qualname):
                note(item)
        elif isinstance(one, str):
            hash(one)  # which it keeps

    with open(path, "wb") as file:  # noqa: PTH123
        numbers = _Numbers(file)
        for tracked in gc.get_objects():
            note(tracked)
            for one in gc.get_referents(tracked):
                note(one)
        for kind in kinds:
            numbers.add(id(kind))
        numbers.add(len(kinds))
        numbers.add(id(None))
        numbers.flush()
    seen[:] = bytes(len(seen))
