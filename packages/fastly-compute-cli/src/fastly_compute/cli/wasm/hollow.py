"""Strip the state from a module: the rest is the same for every app, and compiled once.

The memory becomes an import, and the mutable globals are exported, so that the state can be
restored in an instance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastly_compute.cli.wasm import core_writing
from fastly_compute.cli.wasm.binary import Reader, name, u32, vector
from fastly_compute.cli.wasm.core_module import (
    I32_CONST,
    CoreModule,
    Kind,
    SectionId,
    sections,
)
from fastly_compute.cli.wasm.linking import MEMORY


@dataclass(frozen=True, slots=True)
class Hollow:
    """A module without its state.

    Attributes:
        module: The module, which imports its memory as `MEMORY`.
        globals: The values of the globals that it exports, by name.
    """

    module: bytes
    globals: Mapping[str, int]


def hollow(module: CoreModule) -> Hollow:
    """Strip the state from a module that defines its memory.

    Args:
        module: The module. All its data segments must be active.
    """
    data = module.data
    contents = {key: data[start:end] for key, start, end in sections(data, "the linked module")}
    values: dict[str, int] = {}
    exports = []
    entries = []
    for number, entry in enumerate(module.globals):
        initial = entry.initial.raw
        match entry.initial.instructions:
            case [(opcode, value)] if entry.mutable and opcode == I32_CONST:
                key = f"global {number}"
                values[key] = value
                exports.append(name(key) + bytes([Kind.GLOBAL]) + u32(number))
                initial = core_writing.constant(0)
        entries.append(entry.type + initial)
    contents[SectionId.GLOBAL] = vector(entries)
    memory = core_writing.imported(MEMORY, Kind.MEMORY, b"\0\0")
    contents[SectionId.IMPORT] = _with(contents[SectionId.IMPORT], [memory])
    contents[SectionId.EXPORT] = _with(contents[SectionId.EXPORT], exports)
    for number in (SectionId.MEMORY, SectionId.DATA, SectionId.DATA_COUNT):
        contents.pop(number, None)
    return Hollow(core_writing.module(contents), values)


def _with(entries: bytes, others: list[bytes]) -> bytes:
    reader = Reader(entries, 0, len(entries), "the linked module")
    count = reader.u32("the number of entries")
    return u32(count + len(others)) + entries[reader.position :] + b"".join(others)
