"""Names the objects that the build makes immortal: requests do not count references to them.

Counting writes to an object, and a sandbox gets a copy of each page of the image that it writes to.
"""

import enum
import gc
import io
import re
import sys
import types
from array import array
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Sized
from contextvars import Context, ContextVar
from functools import lru_cache, partial
from itertools import count
from typing import Any
from weakref import getweakrefs, ref

_BUFFERED = 1 << 10
# What none but a weak reference to it can tell whether it was freed.
_KINDS: tuple[Any, ...] = (
    bytes,
    classmethod,
    Context,
    ContextVar,
    count,
    defaultdict,
    deque,
    dict,
    float,
    frozenset,
    int,
    io.TextIOWrapper,
    list,
    OrderedDict,
    partial,
    property,
    range,
    re.Pattern,
    set,
    slice,
    staticmethod,
    str,
    tuple,
    type,
    type(lru_cache(id)),
    type(namedtuple("_", ["item"]).item),  # type: ignore[attr-defined]
    type(Sized._abc_impl),  # type: ignore[attr-defined]
    types.BuiltinFunctionType,
    types.CellType,
    types.ClassMethodDescriptorType,
    types.CodeType,
    types.FunctionType,
    types.GenericAlias,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.MethodType,
    types.ModuleType,
    types.UnionType,
    types.WrapperDescriptorType,
)


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


def name_loads(path: str) -> None:
    """Write down which instructions count references to constants.

    The build looks at whether it has made the constants immortal.

    Args:
        path: The file: the address of each instruction and that of the constant it loads; the
            opcode of these instructions, and the one to have instead.
    """
    before = set(sys.modules)
    from fastly_compute_constants import Loads

    loads = Loads()
    codes = (one.__code__ for one in gc.get_objects() if type(one) is types.FunctionType)
    with open(path, "wb") as file:  # noqa: PTH123
        numbers = _Numbers(file)
        for address, constant in loads.find(codes):
            numbers.add(address)
            numbers.add(id(constant))
        numbers.add(loads.counted)
        numbers.add(loads.uncounted)
        numbers.flush()
    for added in sys.modules.keys() - before:  # which no request needs
        del sys.modules[added]


def _always(one: object) -> bool:
    return True


def _never(one: object) -> bool:
    return False


def _calls_nothing(one: Any) -> bool:
    """Tell whether a weak reference never calls anything: a class of the image is never freed."""
    if not issubclass(type(one), ref):
        return False  # of a proxy, it cannot be told
    return one.__callback__ is None or issubclass(type(one()), type)


def _is_unwatched(one: object) -> bool:
    return all(map(_calls_nothing, getweakrefs(one)))


def _is_data(kind: type) -> bool:
    """Tell whether a class was written in Python, and does nothing when an object is freed."""
    classes = [base for base in kind.__mro__ if base is not object and base not in _KINDS]
    return all("__firstlineno__" in vars(base) and "__del__" not in vars(base) for base in classes)


def _rule(kind: type) -> Callable[[Any], bool]:
    """Choose what tells of an object of a type whether it may stay forever."""
    if kind in _KINDS or issubclass(kind, type | enum.Enum):
        return _always
    if kind is ref:
        return _calls_nothing
    return _is_unwatched if _is_data(kind) else _never


def _untold(kind: type, one: Any) -> Iterable[object]:
    """Return what an object refers to and does not tell the collector."""
    # By its type: isinstance would ask an object for its class, which may run the app's code.
    if issubclass(kind, tuple):
        return tuple.__iter__(one)
    if issubclass(kind, frozenset):
        return frozenset.__iter__(one)
    if kind is types.CodeType:
        return one.co_consts, one.co_names, one.co_name, one.co_qualname
    if kind is str:
        hash(one)  # which it keeps
    return ()


def name_objects(path: str) -> None:
    """Write down where the objects are that the build is to make immortal, and of which types.

    It leaves little memory in use, which would become part of the image.

    Args:
        path: The file: the addresses of the objects and of the types, the number of the types, and
            the address of None.
    """
    gc.collect()
    seen = bytearray(1 << 21)  # a bit for each eight bytes of 128 MiB
    rules: dict[type, Callable[[Any], bool]] = {}

    def note(one: object) -> None:
        index, bit = id(one) >> 6, 1 << (id(one) >> 3 & 7)
        if index >= len(seen) or seen[index] & bit:
            return
        kind = type(one)
        if kind not in rules:
            rules[kind] = _rule(kind)
        if not rules[kind](one):
            return
        seen[index] |= bit
        numbers.add(id(one))
        for item in _untold(kind, one):
            note(item)

    with open(path, "wb") as file:  # noqa: PTH123
        numbers = _Numbers(file)
        for tracked in gc.get_objects():
            note(tracked)
            for one in gc.get_referents(tracked):
                note(one)
        kinds = [kind for kind, rule in rules.items() if rule is not _never]
        for kind in kinds:
            numbers.add(id(kind))
        numbers.add(len(kinds))
        numbers.add(id(None))
        numbers.flush()
    seen[:] = bytes(len(seen))
