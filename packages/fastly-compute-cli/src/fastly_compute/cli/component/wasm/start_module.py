"""Writes the module that fills the linked one's table when a sandbox starts.

The host functions that need the memory are called through a table. They can be made only when the
memory is there, so a second module, instantiated after the linked one, puts them into it.
"""

from collections.abc import Mapping

from fastly_compute.cli.component.wasm.binary import u32, vector
from fastly_compute.cli.component.wasm.core_module import Kind, SectionId
from fastly_compute.cli.component.wasm.encoding import constant, function_table, imported, module
from fastly_compute.cli.component.wasm.linking import DEFERRED


def start_module(functions: Mapping[str, bytes]) -> bytes:
    """Write the module.

    Args:
        functions: The types of the functions that it puts into the table, by the names under which
            it imports them. It imports the table as `DEFERRED`.
    """
    types = list(dict.fromkeys(functions.values()))
    imports = [
        imported(key, Kind.FUNCTION, u32(types.index(type_))) for key, type_ in functions.items()
    ]
    table = imported(DEFERRED, Kind.TABLE, function_table(len(functions)))
    filled = b"\0" + constant(0) + vector([u32(number) for number in range(len(functions))])
    return module(
        {
            SectionId.TYPE: vector(types),
            SectionId.IMPORT: vector([*imports, table]),
            SectionId.ELEMENT: vector([filled]),
        }
    )
