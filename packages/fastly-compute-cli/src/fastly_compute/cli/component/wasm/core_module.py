"""Reads a core module: all of its sections but the code of its functions."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from fastly_compute.cli.component.wasm.binary import ComposeError, Reader

PREAMBLE = b"\0asm\x01\0\0\0"
END = 0x0B
I32_CONST = 0x41
GLOBAL_GET = 0x23
I32_ADD = 0x6A
REF_FUNC = 0xD2
_FUNC_TYPE = 0x60
_MUTABLE = 1
_PASSIVE, _INDEXED = 1, 2


class SectionId(IntEnum):
    """The sections of a core module."""

    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    TABLE = 4
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    START = 8
    ELEMENT = 9
    CODE = 10
    DATA = 11
    DATA_COUNT = 12
    TAG = 13


class Kind(IntEnum):
    """The index spaces of a module: what it imports, defines and exports."""

    FUNCTION = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3


@dataclass(frozen=True, slots=True)
class Import:
    """An import of a module.

    Attributes:
        module: The first part of its name.
        name: The second.
        kind: What it is.
        type: The index of a function's type; 0 for the others.
    """

    module: str
    name: str
    kind: Kind
    type: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant expression.

    Attributes:
        instructions: Each with the number it makes, for an `i32.const`, or the index it refers to.
        raw: The expression as it stands.
    """

    instructions: list[tuple[int, int]]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Global:
    """A global: its type as it stands, and what it begins with."""

    type: bytes
    initial: Constant

    @property
    def mutable(self) -> bool:
        """Whether it can change."""
        return self.type[1] == _MUTABLE


@dataclass(frozen=True, slots=True)
class Elements:
    """Functions that a table begins with; without an offset, functions that code refers to."""

    offset: Constant | None
    functions: list[int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the memory: its address, and where its bytes are."""

    address: int
    start: int
    length: int


@dataclass(slots=True)
class CoreModule:
    """A core module. Sections without an attribute are kept unchanged."""

    data: bytes
    types: list[bytes] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    tables: list[bytes] = field(default_factory=list)
    memories: list[bytes] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
    exports: dict[str, tuple[Kind, int]] = field(default_factory=dict)
    elements: list[Elements] = field(default_factory=list)
    code: list[tuple[int, int]] = field(default_factory=list)
    segments: bytes = b""

    def imported(self, kind: Kind) -> list[Import]:
        """The imports of a kind, which come first in its index space."""
        return [entry for entry in self.imports if entry.kind is kind]


def read_core_module(data: bytes, place: str) -> CoreModule:
    """Read a core module.

    Args:
        data: The module.
        place: What is read, for messages.

    Raises:
        ComposeError: It is damaged, or has what componentize-py does not write.
    """
    module = CoreModule(data)
    for number, content, end in sections(data, place):
        if number is SectionId.DATA:
            # Data at constant addresses can be copied; data that depends on a global cannot.
            deque(segments(data, content, end, place), maxlen=0)
            module.segments = data[content:end]
        elif number in _READ:
            _read_section(module, number, Reader(data, content, end, place))
        elif number not in _IGNORED:
            raise ComposeError(
                f"cannot read {place}: expected no such section, found {number.name.lower()} at"
                f" byte {content}"
            )
    return module


def sections(data: bytes, place: str) -> Iterator[tuple[SectionId, int, int]]:
    """Cut a core module into its sections: which it is, and where its content starts and ends."""
    reader = Reader(data, 0, len(data), place)
    if reader.take(len(PREAMBLE), "a core module") != PREAMBLE:
        raise reader.error("a core module", "something else", 0)
    while not reader.at_end:
        number = SectionId(reader.one_of(tuple(SectionId), "a section of a core module"))
        size = reader.u32("the size of a section")
        content = reader.position
        reader.skip(size, "the content of a section")
        yield number, content, reader.position


def segments(data: bytes, start: int, end: int, place: str) -> Iterator[Segment]:
    """Read a data section: what is in the memory from the beginning."""
    reader = Reader(data, start, end, place)
    for _ in range(reader.u32("the number of data segments")):
        mode = reader.one_of((0, 1, 2), "the kind of a data segment")
        if mode == _INDEXED:
            reader.u32("the memory of a data segment")
        address = None
        if mode != _PASSIVE:
            reader.one_of((I32_CONST,), "i32.const as the address of a data segment")
            address = reader.s32("the address of a data segment")
            reader.one_of((END,), "the end of an address")
        length = reader.u32("the length of a data segment")
        if address is not None:
            yield Segment(address, reader.position, length)
        reader.skip(length, "a data segment")


# A data section is read without its count, and names are for people.
_IGNORED = {SectionId.CUSTOM, SectionId.DATA_COUNT}


def _read_section(module: CoreModule, number: SectionId, reader: Reader) -> None:
    for _ in range(reader.u32("the number of entries")):
        _READ[number](module, reader)
    if not reader.at_end:
        raise reader.error("the end of the section", "more bytes", reader.position)


def _type(module: CoreModule, reader: Reader) -> None:
    start = reader.position
    reader.one_of((_FUNC_TYPE,), "0x60 (a function) as a type")
    for what in ("parameters", "results"):
        reader.skip(reader.u32(f"the number of {what}"), f"the types of {what}")
    module.types.append(module.data[start : reader.position])


def _import(module: CoreModule, reader: Reader) -> None:
    outer = reader.name("the module of an import")
    inner = reader.name("the name of an import")
    kind = Kind(reader.one_of(tuple(Kind), "the kind of an import"))
    index = 0
    match kind:
        case Kind.FUNCTION:
            index = reader.u32("the type of an imported function")
        case Kind.GLOBAL:
            reader.skip(2, "the type of an imported global")
        case Kind.TABLE:
            reader.skip(1, "the type of an imported table")
            _limits(reader)
        case Kind.MEMORY:
            _limits(reader)
    module.imports.append(Import(outer, inner, kind, index))


def _limits(reader: Reader) -> None:
    has_most = reader.one_of((0, 1), "limits without special features")
    for _ in range(1 + has_most):
        reader.u32("a limit")


def _function(module: CoreModule, reader: Reader) -> None:
    module.functions.append(reader.u32("the type of a function"))


def _table(module: CoreModule, reader: Reader) -> None:
    start = reader.position
    reader.skip(1, "the type of a table")
    _limits(reader)
    module.tables.append(module.data[start : reader.position])


def _memory(module: CoreModule, reader: Reader) -> None:
    start = reader.position
    _limits(reader)
    module.memories.append(module.data[start : reader.position])


def _global(module: CoreModule, reader: Reader) -> None:
    kind = reader.take(2, "the type of a global")
    module.globals.append(Global(kind, _constant(module, reader)))


def _constant(module: CoreModule, reader: Reader) -> Constant:
    start = reader.position
    instructions = []
    while (opcode := reader.one_of((*_CONSTANTS, END), "a constant instruction")) != END:
        instructions.append((opcode, _CONSTANTS[opcode](reader)))
    return Constant(instructions, module.data[start : reader.position])


def _skipped(length: int) -> Callable[[Reader], int]:
    def skip(reader: Reader) -> int:
        reader.skip(length, "a constant")
        return 0

    return skip


def _skipped_s64(reader: Reader) -> int:
    while reader.byte("a constant") >= 0x80:
        pass
    return 0


def _index(reader: Reader) -> int:
    return reader.u32("an index")


_CONSTANTS: dict[int, Callable[[Reader], int]] = {
    I32_CONST: lambda reader: reader.s32("a constant"),
    0x42: _skipped_s64,
    0x43: _skipped(4),
    0x44: _skipped(8),
    GLOBAL_GET: _index,
    REF_FUNC: _index,
    I32_ADD: _skipped(0),
}


def _export(module: CoreModule, reader: Reader) -> None:
    exported = reader.name("the name of an export")
    kind = Kind(reader.one_of(tuple(Kind), "the kind of an export"))
    module.exports[exported] = kind, reader.u32("the index of an export")


def _elements(module: CoreModule, reader: Reader) -> None:
    mode = reader.one_of((0, 2, 3), "active or declared functions as elements")
    offset = None
    if mode == 2:
        reader.one_of((0,), "the first table")
    if mode != 3:
        offset = _constant(module, reader)
    if mode != 0:
        reader.one_of((0,), "functions as elements")
    functions = [_index(reader) for _ in range(reader.u32("the number of elements"))]
    module.elements.append(Elements(offset, functions))


def _code(module: CoreModule, reader: Reader) -> None:
    size = reader.u32("the size of a function")
    start = reader.position
    reader.skip(size, "a function")
    module.code.append((start, reader.position))


_READ: dict[SectionId, Callable[[CoreModule, Reader], None]] = {
    SectionId.TYPE: _type,
    SectionId.IMPORT: _import,
    SectionId.FUNCTION: _function,
    SectionId.TABLE: _table,
    SectionId.MEMORY: _memory,
    SectionId.GLOBAL: _global,
    SectionId.EXPORT: _export,
    SectionId.ELEMENT: _elements,
    SectionId.CODE: _code,
}
