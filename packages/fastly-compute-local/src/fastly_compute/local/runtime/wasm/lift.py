"""Convert a guest's arguments to Python: wasmtime's C values, read as the bindings' types.

wasmtime's own conversion queries the component for every type on every call, and reads a list
of bytes element by element, ten seconds for ten megabytes. Here each function's reader is made
once, and a list of bytes, which is an array of equal structs, is one slice with a stride.
"""

import ctypes
import dataclasses
import types
import typing
from collections.abc import Callable
from enum import Enum, Flag
from typing import Any

from wasmtime import _ffi as ffi

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.wasm.names import camel, case, kebab

Convert = Callable[[Any], Any]
Take = Callable[[Any], Resource]

STRIDE = ctypes.sizeof(ffi.wasmtime_component_val_t)
OFFSET = ffi.wasmtime_component_val_t.of.offset

_PLAIN = {
    ffi.WASMTIME_COMPONENT_BOOL.value: "boolean",
    ffi.WASMTIME_COMPONENT_U8.value: "u8",
    ffi.WASMTIME_COMPONENT_U16.value: "u16",
    ffi.WASMTIME_COMPONENT_U32.value: "u32",
    ffi.WASMTIME_COMPONENT_U64.value: "u64",
}


def _text(name: Any) -> str:
    return ctypes.string_at(name.data, name.size).decode()


def read(value: Any, take: Take) -> Any:
    """Read a C value as plain Python: a record as a dict, a variant as (case, payload).

    Args:
        value: A ``wasmtime_component_val_t``. It keeps what it owns, except resources.
        take: Finds the host's object for a resource.
    """
    kind, of = value.kind, value.of
    plain = _PLAIN.get(kind)
    if plain is not None:
        return getattr(of, plain)
    return _READERS[kind](value, of, take)


def _read_list(_value: Any, of: Any, take: Take) -> Any:
    items = of.list
    if items.size and items.data[0].kind == ffi.WASMTIME_COMPONENT_U8.value:
        return ctypes.string_at(items.data, items.size * STRIDE)[OFFSET::STRIDE]
    return [read(items.data[i], take) for i in range(items.size)]


def _read_resource(value: Any, of: Any, take: Take) -> Resource:
    resource = ffi.take_pointer(of, "resource")
    # A resource that was taken must not be freed again with the argument.
    value.kind = ffi.WASMTIME_COMPONENT_BOOL
    return take(resource)


def _read_boxed(pointer: Any, take: Take) -> Any:
    return read(pointer.contents, take) if pointer else None


_READERS: dict[int, Callable[[Any, Any, Take], Any]] = {
    ffi.WASMTIME_COMPONENT_STRING.value: lambda _value, of, _take: _text(of.string),
    ffi.WASMTIME_COMPONENT_ENUM.value: lambda _value, of, _take: _text(of.enumeration),
    ffi.WASMTIME_COMPONENT_LIST.value: _read_list,
    ffi.WASMTIME_COMPONENT_RESOURCE.value: _read_resource,
    ffi.WASMTIME_COMPONENT_OPTION.value: lambda _value, of, take: _read_boxed(of.option, take),
    ffi.WASMTIME_COMPONENT_RECORD.value: lambda _value, of, take: {
        _text(of.record.data[i].name): read(of.record.data[i].val, take)
        for i in range(of.record.size)
    },
    ffi.WASMTIME_COMPONENT_TUPLE.value: lambda _value, of, take: tuple(
        read(of.tuple.data[i], take) for i in range(of.tuple.size)
    ),
    ffi.WASMTIME_COMPONENT_VARIANT.value: lambda _value, of, take: (
        _text(of.variant.discriminant),
        _read_boxed(of.variant.val, take),
    ),
    ffi.WASMTIME_COMPONENT_FLAGS.value: lambda _value, of, _take: {
        _text(of.flags.data[i]) for i in range(of.flags.size)
    },
}


def _as_it_is(value: Any) -> Any:
    return value


def converter(hint: Any) -> Convert:
    """Make a function that converts a plain value to the bindings' type.

    Args:
        hint: The type hint of the parameter.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _union(arguments)
    if origin is list:
        inner = converter(arguments[0])
        return lambda value: [inner(item) for item in value]
    if hint is bytes:
        # An empty list does not show the type of its elements.
        return lambda value: value or b""
    if not isinstance(hint, type):
        return _as_it_is
    if issubclass(hint, Flag):
        return lambda value: _flags(hint, value)
    if issubclass(hint, Enum):
        members = {kebab(member.name): member for member in hint}
        return lambda value: members[value]
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    return _as_it_is


def _flags(hint: type[Flag], names: set[str]) -> Flag:
    value = hint(0)
    for flag in hint:
        if kebab(str(flag.name)) in names:
            value |= flag
    return value


def _record(hint: type) -> Convert:
    hints = typing.get_type_hints(hint)
    fields = [(name, kebab(name), converter(of)) for name, of in hints.items()]
    return lambda value: hint(**{field: convert(value[name]) for field, name, convert in fields})


def _union(arguments: tuple[Any, ...]) -> Convert:
    members = [argument for argument in arguments if argument is not types.NoneType]
    if len(members) < len(arguments):
        inner = converter(members[0]) if len(members) == 1 else _union(tuple(members))
        return lambda value: None if value is None else inner(value)
    cases = {case(member): (member, _payload(member)) for member in members}

    def convert(value: tuple[str, Any]) -> Any:
        member, payload = cases[camel(value[0])]
        return member() if payload is None else member(payload(value[1]))

    return convert


def _payload(member: type) -> Convert | None:
    hints = typing.get_type_hints(member)
    return converter(hints["value"]) if "value" in hints else None
