"""Encode the parts that the written core modules share."""

from collections.abc import Mapping

from fastly_compute.cli.wasm.binary import name, s32, section, u32
from fastly_compute.cli.wasm.core_module import END, I32_CONST, PREAMBLE, Kind, SectionId

_FUNCTIONS_ONLY = b"\x70"
_LOCAL_GET = 0x20


def module(contents: Mapping[SectionId, bytes]) -> bytes:
    """Encode a module without a data count, so that its sections are in numeric order."""
    return PREAMBLE + b"".join(section(key, contents[key]) for key in sorted(contents))


def imported(key: str, kind: Kind, description: bytes) -> bytes:
    """Encode an import from the module with the empty name."""
    return name("") + name(key) + bytes([kind]) + description


def function_table(count: int) -> bytes:
    """Encode the type of a table with a minimum number of functions."""
    return _FUNCTIONS_ONLY + b"\0" + u32(count)


def i32_const(value: int) -> bytes:
    """Encode an `i32.const` instruction."""
    return bytes([I32_CONST]) + s32(value)


def constant(value: int) -> bytes:
    """Encode a number as a constant expression."""
    return i32_const(value) + bytes([END])


def arguments_of(type_: bytes) -> bytes:
    """Encode the instructions that push all arguments of a function type."""
    return b"".join(bytes([_LOCAL_GET, parameter]) for parameter in range(type_[1]))


def function(code: bytes) -> bytes:
    """Encode a function without locals from its instructions."""
    body = b"\0" + code + bytes([END])
    return u32(len(body)) + body
