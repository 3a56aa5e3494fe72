"""Writes the parts of core modules that more than one of them has."""

from collections.abc import Mapping

from fastly_compute.cli.component.wasm.binary import name, s32, section, u32
from fastly_compute.cli.component.wasm.core_module import END, I32_CONST, PREAMBLE, Kind, SectionId

_FUNCTIONS_ONLY = b"\x70"
_LOCAL_GET = 0x20


def module(contents: Mapping[SectionId, bytes]) -> bytes:
    """Write a module that has no count of data, so that its sections are in order of number."""
    return PREAMBLE + b"".join(section(key, contents[key]) for key in sorted(contents))


def imported(key: str, kind: Kind, description: bytes) -> bytes:
    """Write an import, from a module without a name."""
    return name("") + name(key) + bytes([kind]) + description


def function_table(count: int) -> bytes:
    """Write the type of a table of so many functions, or more."""
    return _FUNCTIONS_ONLY + b"\0" + u32(count)


def i32_const(value: int) -> bytes:
    """Write the instruction that makes a number."""
    return bytes([I32_CONST]) + s32(value)


def constant(value: int) -> bytes:
    """Write the constant expression of a number."""
    return i32_const(value) + bytes([END])


def arguments_of(type_: bytes) -> bytes:
    """Write the instructions that pass on all the arguments of a function of a type."""
    return b"".join(local_get(parameter) for parameter in range(type_[1]))


def local_get(parameter: int) -> bytes:
    """Write the instruction that reads an argument."""
    return bytes([_LOCAL_GET]) + u32(parameter)


def function(code: bytes) -> bytes:
    """Write a function without locals, given its instructions."""
    body = b"\0" + code + bytes([END])
    return u32(len(body)) + body
