"""Optimize the layout of the memory image for the requests that start from it.

Sandboxes share the image's pages, and each gets a copy of a page when it writes to it. A new
sandbox spends most of its time on these copies, so the data that a request writes to is moved to
few pages.
"""

import enum
import gc
import marshal
import re
import sys
import types
from array import array
from collections.abc import Callable

# dlmalloc, the only allocator of this CPython: a chunk's size is a multiple of this, and its header
# precedes the allocated memory.
_STEP = 16
_HEAD = 4
_EMPTY_BYTES = sys.getsizeof(b"")
_LARGEST_HOLE = 1 << 20
_MOST_HOLES = 1 << 16
# Objects for which only a weak reference shows whether they were freed.
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
    """Allocate the gaps between objects, so that new objects are adjacent.

    Returns:
        The allocations, which must be kept alive.
    """
    kept: list[object] = [None] * _MOST_HOLES
    behind = id(bytes(2 * _LARGEST_HOLE))
    count, size = 0, _LARGEST_HOLE
    while count < _MOST_HOLES:
        block = bytes(size - _HEAD - _EMPTY_BYTES) if size > _STEP else object()
        if id(block) < behind:
            kept[count] = block
            count += 1
        elif size > _STEP:
            size -= max(size >> 3 & -_STEP, _STEP)
        else:
            break
    del kept[count:]
    return kept


def gather_code(run: Callable[[], None], *, beside: str) -> list[object]:
    """Move the code of the functions that run to adjacent addresses: code counts its executions.

    Args:
        run: Calls them.
        beside: A package. Its functions with the name of one that ran are moved too, because the
            run replaces them.

    Returns:
        The allocations, which must be kept alive.
    """
    ran: dict[int, types.CodeType] = {}

    def note(frame: types.FrameType, event: str, arg: object) -> None:
        ran[id(frame.f_code)] = frame.f_code

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    names = {code.co_name for code in ran.values()}
    functions = [one for one in gc.get_objects() if type(one) is types.FunctionType]
    for function in functions:
        package = function.__module__
        if isinstance(package, str) and package.startswith(beside) and function.__name__ in names:
            ran[id(function.__code__)] = function.__code__
    gc.collect()
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
                # Makes it immortal now, so that the instruction that loads it specializes.
                marshal.loads(marshal.dumps(sys.intern(one)))  # noqa: S302
            inner.append(_copy(one, copies) if isinstance(one, types.CodeType) else one)
        copies[id(code)] = code.replace(co_consts=tuple(inner))
    return copies[id(code)]


def name_objects(path: str) -> None:
    """Write the addresses and types of the objects that the build makes immortal.

    It allocates little, because the memory that it uses would be in the image.

    Args:
        path: The file.
    """
    seen = bytearray(1 << 21)  # a bit for each eight bytes of 128 MiB
    kinds = set(_KINDS)
    found = array("I")

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
        found.append(id(one))
        # These do not report their references to the garbage collector.
        if isinstance(one, tuple | frozenset):
            for item in one:
                note(item)
        elif isinstance(one, types.CodeType):
            for item in (one.co_consts, one.co_names, one.co_name, one.co_qualname):
                note(item)
        elif isinstance(one, str):
            hash(one)  # which it keeps

    for tracked in gc.get_objects():
        note(tracked)
        for one in gc.get_referents(tracked):
            note(one)
    with open(path, "wb") as file:  # noqa: PTH123
        array("I", [id(None), len(kinds), *map(id, kinds)]).tofile(file)
        found.tofile(file)
    seen[:] = bytes(len(seen))
