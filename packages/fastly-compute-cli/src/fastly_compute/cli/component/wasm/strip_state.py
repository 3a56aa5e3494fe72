"""Takes the state out of a module: what is left is the same for every app, and compiled once.

The memory becomes an import, and the globals that change are exported, so that the state can be put
back into an instance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastly_compute.cli.component.wasm import encoding
from fastly_compute.cli.component.wasm.binary import Reader, name, u32, vector
from fastly_compute.cli.component.wasm.core_module import (
    I32_CONST,
    CoreModule,
    Kind,
    SectionId,
    sections,
)
from fastly_compute.cli.component.wasm.linking import MEMORY


@dataclass(frozen=True, slots=True)
class Hollow:
    """A module without its state.

    Attributes:
        module: The module, which imports its memory as `MEMORY`.
        globals: What has to be in the globals that it exports, by their names.
    """

    module: bytes
    globals: Mapping[str, int]


def hollow(module: CoreModule) -> Hollow:
    """Take the state out of a module that has a memory of its own.

    Args:
        module: The module. Its data may be in active segments only.
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
                initial = encoding.constant(0)
        entries.append(entry.type + initial)
    contents[SectionId.GLOBAL] = vector(entries)
    memory = encoding.imported(MEMORY, Kind.MEMORY, b"\0\0")
    contents[SectionId.IMPORT] = _with(contents[SectionId.IMPORT], [memory])
    contents[SectionId.EXPORT] = _with(contents[SectionId.EXPORT], exports)
    for number in (SectionId.MEMORY, SectionId.DATA, SectionId.DATA_COUNT):
        contents.pop(number, None)
    return Hollow(encoding.module(contents), values)


def _with(entries: bytes, others: list[bytes]) -> bytes:
    reader = Reader(entries, 0, len(entries), "the linked module")
    count = reader.u32("the number of entries")
    return u32(count + len(others)) + entries[reader.position :] + b"".join(others)
