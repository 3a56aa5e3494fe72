"""Convert results to wasmtime's C values, based on the component's own types."""

import ctypes
from collections.abc import Callable
from ctypes import byref, pointer
from typing import Any

from wasmtime import _ffi as ffi
from wasmtime.component import (
    U8,
    U16,
    U32,
    U64,
    Bool,
    BorrowType,
    EnumType,
    FlagsType,
    ListType,
    OptionType,
    OwnType,
    RecordType,
    ResultType,
    String,
    TupleType,
    ValType,
    VariantType,
)

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.wasm.lift import OFFSET, STRIDE
from fastly_compute.local.runtime.wasm.names import camel, kebab, snake
from fastly_compute.local.runtime.wasm.names import case as case_of

Write = Callable[[Any, Any], None]
"""Writes a Python value into a ``wasmtime_component_val_t``."""

HandOver = Callable[[Resource], Any]

_PLAIN: dict[type[ValType], tuple[Any, str]] = {
    Bool: (ffi.WASMTIME_COMPONENT_BOOL, "boolean"),
    U8: (ffi.WASMTIME_COMPONENT_U8, "u8"),
    U16: (ffi.WASMTIME_COMPONENT_U16, "u16"),
    U32: (ffi.WASMTIME_COMPONENT_U32, "u32"),
    U64: (ffi.WASMTIME_COMPONENT_U64, "u64"),
}
_BYTE = bytes(ffi.wasmtime_component_val_t(kind=ffi.WASMTIME_COMPONENT_U8))


def writer(ty: ValType, hand_over: HandOver) -> Write:
    """Make a function that writes values of one component type.

    Args:
        ty: The type.
        hand_over: Gives a resource of the host to the guest.
    """
    plain = _PLAIN.get(type(ty))
    if plain is not None:
        return _plain(*plain)
    for kind, make in _MAKERS.items():
        if isinstance(ty, kind):
            return make(ty, hand_over)
    raise TypeError(f"no interface returns a {type(ty).__name__}")


def _plain(kind: Any, field: str) -> Write:
    def write(value: Any, target: Any) -> None:
        target.kind = kind
        setattr(target.of, field, value)

    return write


def _string(_ty: String, _hand_over: HandOver) -> Write:
    def write(value: str, target: Any) -> None:
        target.of.string = ffi.str_to_capi(value)
        target.kind = ffi.WASMTIME_COMPONENT_STRING

    return write


def _resource(_ty: OwnType | BorrowType, hand_over: HandOver) -> Write:
    def write(value: Resource, target: Any) -> None:
        target.of.resource = hand_over(value)
        target.kind = ffi.WASMTIME_COMPONENT_RESOURCE

    return write


def _enum(_ty: EnumType, _hand_over: HandOver) -> Write:
    def write(value: Any, target: Any) -> None:
        target.of.enumeration = ffi.str_to_capi(kebab(value.name))
        target.kind = ffi.WASMTIME_COMPONENT_ENUM

    return write


def _flags(_ty: FlagsType, _hand_over: HandOver) -> Write:
    def write(value: Any, target: Any) -> None:
        names = [kebab(flag.name) for flag in value]
        raw = ffi.wasmtime_component_valflags_t()
        ffi.wasmtime_component_valflags_new_uninit(byref(raw), len(names))
        for i, name in enumerate(names):
            raw.data[i] = ffi.str_to_capi(name)
        target.of.flags = raw
        target.kind = ffi.WASMTIME_COMPONENT_FLAGS

    return write


def _record(ty: RecordType, hand_over: HandOver) -> Write:
    fields = [(name, snake(name), writer(item, hand_over)) for name, item in ty.fields]

    def write(value: Any, target: Any) -> None:
        raw = ffi.wasmtime_component_valrecord_t()
        ffi.wasmtime_component_valrecord_new_uninit(byref(raw), len(fields))
        for i, (name, attribute, write_field) in enumerate(fields):
            raw.data[i].name = ffi.str_to_capi(name)
            write_field(getattr(value, attribute), raw.data[i].val)
        target.of.record = raw
        target.kind = ffi.WASMTIME_COMPONENT_RECORD

    return write


def _tuple(ty: TupleType, hand_over: HandOver) -> Write:
    writers = [writer(item, hand_over) for item in ty.elements]

    def write(value: Any, target: Any) -> None:
        raw = ffi.wasmtime_component_valtuple_t()
        ffi.wasmtime_component_valtuple_new_uninit(byref(raw), len(writers))
        for i, (write_item, item) in enumerate(zip(writers, value, strict=True)):
            write_item(item, raw.data[i])
        target.of.tuple = raw
        target.kind = ffi.WASMTIME_COMPONENT_TUPLE

    return write


def _list(ty: ListType, hand_over: HandOver) -> Write:
    if isinstance(ty.element, U8):
        return _write_bytes
    write_item = writer(ty.element, hand_over)

    def write(value: Any, target: Any) -> None:
        raw = ffi.wasmtime_component_vallist_t()
        ffi.wasmtime_component_vallist_new_uninit(byref(raw), len(value))
        for i, item in enumerate(value):
            write_item(item, raw.data[i])
        target.of.list = raw
        target.kind = ffi.WASMTIME_COMPONENT_LIST

    return write


def _write_bytes(value: bytes, target: Any) -> None:
    raw = ffi.wasmtime_component_vallist_t()
    ffi.wasmtime_component_vallist_new_uninit(byref(raw), len(value))
    if value:
        image = bytearray(_BYTE * len(value))
        image[OFFSET::STRIDE] = value
        ctypes.memmove(raw.data, (ctypes.c_char * len(image)).from_buffer(image), len(image))
    target.of.list = raw
    target.kind = ffi.WASMTIME_COMPONENT_LIST


def _boxed(write: Write, value: Any) -> Any:
    raw = ffi.wasmtime_component_val_t()
    write(value, raw)
    return ffi.wasmtime_component_val_new(pointer(raw))


def _option(ty: OptionType, hand_over: HandOver) -> Write:
    write_some = writer(ty.payload, hand_over)

    def write(value: Any, target: Any) -> None:
        target.of.option = None if value is None else _boxed(write_some, value)
        target.kind = ffi.WASMTIME_COMPONENT_OPTION

    return write


def _variant(ty: VariantType, hand_over: HandOver) -> Write:
    cases = {
        camel(name): (name, None if payload is None else writer(payload, hand_over))
        for name, payload in ty.cases
    }

    def write(value: Any, target: Any) -> None:
        name, write_payload = cases[case_of(type(value))]
        payload = None if write_payload is None else _boxed(write_payload, value.value)
        target.of.variant.discriminant = ffi.str_to_capi(name)
        target.of.variant.val = payload
        target.kind = ffi.WASMTIME_COMPONENT_VARIANT

    return write


_MAKERS: dict[Any, Callable[[Any, HandOver], Write]] = {
    String: _string,
    (OwnType, BorrowType): _resource,
    EnumType: _enum,
    FlagsType: _flags,
    RecordType: _record,
    TupleType: _tuple,
    ListType: _list,
    OptionType: _option,
    VariantType: _variant,
}


def result_writers(ty: ResultType, hand_over: HandOver) -> tuple[Write, Write]:
    """Make the functions that write the two cases of a ``result``."""

    def end(payload: ValType | None, *, is_ok: bool) -> Write:
        write_payload = None if payload is None else writer(payload, hand_over)

        def write(value: Any, target: Any) -> None:
            boxed = None if write_payload is None else _boxed(write_payload, value)
            target.of.result.is_ok = is_ok
            target.of.result.val = boxed
            target.kind = ffi.WASMTIME_COMPONENT_RESULT

        return write

    return end(ty.ok, is_ok=True), end(ty.err, is_ok=False)
