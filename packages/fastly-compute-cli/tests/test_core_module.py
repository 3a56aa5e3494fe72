"""Reading core modules: what an assembler wrote is found, and all else is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.core_module import (
    END,
    GLOBAL_GET,
    I32_ADD,
    I32_CONST,
    REF_FUNC,
    CoreModule,
    Elements,
    Import,
    Kind,
    Segment,
    read_core_module,
    segments,
)

MODULE = bytes(
    wat2wasm("""
    (module
      (type $plain (func))
      (type $sums (func (param i32 i64) (result f32 f64)))
      (import "env" "memory" (memory 1 9))
      (import "env" "table" (table 3 funcref))
      (import "env" "base" (global $base i32))
      (import "host" "log" (func $log (type $sums)))
      (import "host" "stop" (func $stop (type $plain)))
      (table 7 9 funcref)
      (memory 2)
      (global (mut i32) (i32.const -5))
      (global i32 (i32.add (global.get $base) (i32.const 300)))
      (global i64 (i64.const -9223372036854775808))
      (global f32 (f32.const 1.5))
      (global $last f64 (f64.const -2.5))
      (global (mut funcref) (ref.func $second))
      (export "log" (func $log))
      (export "second" (func $second))
      (export "the table" (table 1))
      (export "the memory" (memory 1))
      (export "last" (global $last))
      (elem (i32.const 200) func $log $second)
      (elem (global.get $base) func $first)
      (elem declare func $second $first)
      (func $first (type $plain) (local i32) nop)
      (func $second (type $sums) unreachable)
      (data (i32.const 1024) "some")
      (data "passive")
      (data (memory 1) (i32.const -1) "high")
      (@custom "name" "for people"))
    """)
)


def read(text: str) -> CoreModule:
    return read_core_module(bytes(wat2wasm(f"(module {text})")), "the library")


def test_everything_in_a_module_is_found() -> None:
    module = read_core_module(MODULE, "the library")

    assert module.types == [
        b"\x60\x00\x00",
        b"\x60\x02\x7f\x7e\x02\x7d\x7c",
    ]
    assert module.imports == [
        Import("env", "memory", Kind.MEMORY, 0),
        Import("env", "table", Kind.TABLE, 0),
        Import("env", "base", Kind.GLOBAL, 0),
        Import("host", "log", Kind.FUNCTION, 1),
        Import("host", "stop", Kind.FUNCTION, 0),
    ]
    assert [entry.name for entry in module.imported(Kind.FUNCTION)] == ["log", "stop"]
    assert module.functions == [0, 1]
    assert module.tables == [b"\x70\x01\x07\x09"]
    assert module.memories == [b"\x00\x02"]
    assert module.exports == {
        "log": (Kind.FUNCTION, 0),
        "second": (Kind.FUNCTION, 3),
        "the table": (Kind.TABLE, 1),
        "the memory": (Kind.MEMORY, 1),
        "last": (Kind.GLOBAL, 5),
    }
    assert [MODULE[start:end].hex() for start, end in module.code] == ["01017f010b", "00000b"]


def test_what_globals_begin_with_is_found() -> None:
    module = read_core_module(MODULE, "the library")

    assert [entry.initial.instructions for entry in module.globals] == [
        [(I32_CONST, 2**32 - 5)],
        [(GLOBAL_GET, 0), (I32_CONST, 300), (I32_ADD, 0)],
        [(0x42, 0)],
        [(0x43, 0)],
        [(0x44, 0)],
        [(REF_FUNC, 3)],
    ]
    assert [entry.type[0] for entry in module.globals] == [0x7F, 0x7F, 0x7E, 0x7D, 0x7C, 0x70]
    assert [entry.mutable for entry in module.globals] == [True, False, False, False, False, True]
    assert module.globals[3].initial.raw == b"\x43\x00\x00\xc0\x3f\x0b"
    assert {entry.initial.raw[-1] for entry in module.globals} == {END}


def test_the_functions_in_tables_are_found() -> None:
    module = read_core_module(MODULE, "the library")
    offsets = [part.offset.instructions if part.offset else None for part in module.elements]

    assert [part.functions for part in module.elements] == [[0, 3], [2], [3, 2]]
    assert offsets == [[(I32_CONST, 200)], [(GLOBAL_GET, 0)], None]


def test_elements_that_name_the_first_table_are_found() -> None:
    table = bytes.fromhex("09 0a 01 02 00 41 07 0b 00 02 05 06")

    module = read_core_module(MODULE[:8] + table, "the library")

    [part] = module.elements
    assert isinstance(part, Elements)
    assert part.functions == [5, 6]


def test_the_parts_of_the_memory_are_found() -> None:
    data = read_core_module(MODULE, "the library").segments
    found = list(segments(data, 0, len(data), "the library"))

    assert [(part.address, data[part.start :][: part.length]) for part in found] == [
        (1024, b"some"),
        (2**32 - 1, b"high"),
    ]
    assert all(isinstance(part, Segment) for part in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(start 0) (func)", "expected no such section, found start"),
        ("(tag (type 0)) (type (func))", "expected no such section, found tag"),
        ('(import "a" "b" (tag (type 0))) (type (func))', "the kind of an import at .* found 0x04"),
        ("(type (struct))", r"expected 0x60 \(a function\) as a type .* found 0x5f"),
        ("(rec (type (func)) (type (func)))", r"expected 0x60 \(a function\) as a type .* 0x4e"),
        ("(memory i64 1)", "expected limits without special features at .* found 0x04"),
        ("(memory 1 2 shared)", "expected limits without special features at .* found 0x03"),
        ("(table 1 funcref (ref.null func))", "expected the end of the section at .* found more"),
        ("(global i64 (i64.add (i64.const 1) (i64.const 1)))", "constant instruction .* 0x7c"),
        ("(global funcref (ref.null func))", "expected a constant instruction at .* found 0xd0"),
        ("(global v128 (v128.const i64x2 0 0))", "expected a constant instruction .* found 0xfd"),
        ("(elem func)", "expected active or declared functions as elements at .* found 0x01"),
        (
            "(table 1 funcref) (elem (i32.const 0) funcref (item (ref.func 0))) (func)",
            "expected active or declared functions as elements at .* found 0x04",
        ),
        (
            "(table 1 funcref) (table 1 funcref) (elem (table 1) (i32.const 0) func)",
            "expected the first table at .* found 0x01",
        ),
    ],
)
def test_what_no_library_has_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ComposeError, match=f"cannot read the library: .*{message}"):
        read(text)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("0e 00", "expected a section of a core module at byte 8, found 0x0e"),
        ("01", "expected the size of a section at byte 9, found the end"),
        ("01 05 00", "expected the content of a section at byte 10, found the end after 1 of 5"),
        ("01 01 01", "expected 0x60 .* as a type at byte 11, found the end"),
        ("01 02 00 00", "expected the end of the section at byte 11, found more bytes"),
        ("01 03 01 60 05", "expected the types of parameters at byte 13, found the end after 0 of"),
        ("02 06 01 00 00 02 00 81", "expected a limit at byte 16, found the end"),
        ("06 03 01 7f 00", "expected a constant instruction at byte 13, found the end"),
        ("06 06 01 7c 00 44 00 00", "expected a constant at byte 14, found the end after 2 of 8"),
        ("0a 03 01 05 00", "expected a function at byte 12, found the end after 1 of 5 bytes"),
    ],
)
def test_a_damaged_section_is_refused_with_the_place(section: str, message: str) -> None:
    data = MODULE[:8] + bytes.fromhex(section)

    with pytest.raises(ComposeError, match=f"cannot read the library: {message}"):
        read_core_module(data, "the library")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("01 00 23 00 0b 00", "expected i32.const as the address of a data segment at byte 2"),
        ("01 00 41 00 6a 00", "expected the end of an address at byte 4, found 0x6a"),
        ("01 03", "expected the kind of a data segment at byte 1, found 0x03"),
        ("01 01 05 00", "expected a data segment at byte 3, found the end after 1 of 5 bytes"),
    ],
)
def test_a_damaged_part_of_the_memory_is_refused_with_the_place(data: str, message: str) -> None:
    encoded = bytes.fromhex(data)

    with pytest.raises(ComposeError, match=f"cannot read the library: {message}"):
        list(segments(encoded, 0, len(encoded), "the library"))


@pytest.mark.parametrize("data", [b"", MODULE[:7], b"\0asm\x0d\0\x01\0", b"#!/bin/sh\n"])
def test_what_is_no_module_is_refused(data: bytes) -> None:
    with pytest.raises(ComposeError, match="the library: expected a core module at byte 0, found"):
        read_core_module(data, "the library")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_module_never_raises_anything_but_a_compose_error(data: st.DataObject) -> None:
    damaged = bytearray(MODULE)
    places = st.integers(0, len(MODULE) - 1)
    for place, byte in data.draw(st.dictionaries(places, st.integers(0, 255), max_size=3)).items():
        damaged[place] = byte
    if data.draw(st.booleans()):
        del damaged[data.draw(places) :]
    answer: object
    try:
        answer = read_core_module(bytes(damaged), "the library")
    except ComposeError as error:
        answer = str(error)

    assert isinstance(answer, CoreModule) or re.match("cannot read the library: ", str(answer))
