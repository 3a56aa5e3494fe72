"""Writes the module that completes the linked one when a sandbox starts.

It puts the host functions that need the memory into the table through which they are called. And it
writes to the pages of the memory that a request is known to write to, before anything reads them: a
host maps a page that is read together with its neighbours, as one that all sandboxes share, and to
write to such a page later costs several times what writing to it at once does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastly_compute.cli.component.wasm.binary import name, u32, vector
from fastly_compute.cli.component.wasm.core_module import END, Kind, SectionId
from fastly_compute.cli.component.wasm.encoding import (
    arguments_of,
    constant,
    function,
    function_table,
    i32_const,
    imported,
    module,
)
from fastly_compute.cli.component.wasm.linking import LATER, MEMORY

HANDLE = "handle"
_I32 = 0x7F
_CALL, _GLOBAL_GET, _GLOBAL_SET, _I32_STORE8 = 0x10, 0x23, 0x24, 0x3A
_IF, _EMPTY, _EQZ = 0x04, 0x40, 0x45


@dataclass(frozen=True, slots=True)
class Completion:
    """What the module does.

    Attributes:
        later: The types of the functions that it puts into the table, by the names under which it
            imports them. It imports the table as `LATER`, and the memory as `MEMORY`.
        handle: The type of the function that it imports and exports as `HANDLE`.
        touched: What it writes when that is called for the first time: bytes, by their addresses.
            They have to be what is there already.
    """

    later: Mapping[str, bytes]
    handle: bytes
    touched: Mapping[int, int]

    def module(self) -> bytes:
        """Write the module."""
        types = list(dict.fromkeys([*self.later.values(), self.handle]))
        functions = {**self.later, HANDLE: self.handle}
        filled = b"\0" + constant(0) + vector([u32(n) for n in range(len(self.later))])
        contents = {
            SectionId.TYPE: vector(types),
            SectionId.IMPORT: vector(
                [
                    *(
                        imported(key, Kind.FUNCTION, u32(types.index(type_)))
                        for key, type_ in functions.items()
                    ),
                    imported(LATER, Kind.TABLE, function_table(len(self.later))),
                    imported(MEMORY, Kind.MEMORY, b"\0\0"),
                ]
            ),
            SectionId.FUNCTION: vector([u32(types.index(self.handle))]),
            SectionId.GLOBAL: vector([bytes([_I32, 1]) + constant(0)]),
            SectionId.EXPORT: vector([name(HANDLE) + bytes([Kind.FUNCTION]) + u32(len(functions))]),
            SectionId.ELEMENT: vector([filled]),
            SectionId.CODE: vector([self._handle()]),
        }
        return module(contents)

    def _handle(self) -> bytes:
        stores = [
            i32_const(address) + i32_const(byte) + bytes([_I32_STORE8, 0, 0])
            for address, byte in self.touched.items()
        ]
        # Only the first time: later, something else may be there.
        done = i32_const(1) + bytes([_GLOBAL_SET, 0])
        once = bytes([_GLOBAL_GET, 0, _EQZ, _IF, _EMPTY]) + done + b"".join(stores) + bytes([END])
        return function(once + arguments_of(self.handle) + bytes([_CALL]) + u32(len(self.later)))
