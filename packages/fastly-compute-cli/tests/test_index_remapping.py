"""Giving other numbers to what code refers to, held against what an assembler writes."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from fastly_compute.cli.component.wasm.binary import ComposeError, u32
from fastly_compute.cli.component.wasm.core_module import CoreModule, read_core_module
from fastly_compute.cli.component.wasm.index_remapping import IndexRemapping

# An index of a function, a type or a global stands in braces, with the letter of its space.
REFERRING = [
    "call {f}",
    "ref.func {f}",
    "global.get {g}",
    "global.set {g}",
    "call_indirect (type {t})",
    "block (type {t}) end",
    "loop (type {t}) end",
    "if (type {t}) else end",
]
PLAIN = [
    "unreachable",
    "nop",
    "return",
    "drop",
    "select",
    "select (result i64)",
    "block end",
    "block (result i32) end",
    "block (result i64) end",
    "loop (result f32) end",
    "if (result f64) else end",
    "block br 0 end",
    "block loop br_if 1 end end",
    "block block br_table 0 1 0 1 1 end end",
    "br_table 0",
    "local.get 0",
    "local.set 1",
    "local.tee 200",
    "i32.const 16",  # the opcode of a call
    "i32.const -1",
    "i32.const -2147483648",
    "i64.const 35",  # and that of global.get
    "i64.const -9223372036854775808",
    "i64.const 9223372036854775807",
    "f32.const 0x1.202020p+4",
    "f32.const nan:0x102310",
    "f64.const 0x1.0101010101010p-7",
    "f64.const -nan:0x2310231023102",
    "i32.load",
    "i32.load8_s offset=16 align=1",
    "i64.load32_u offset=4294967295",
    "f32.store offset=35",
    "f64.store align=4",
    "i64.store8",
    "memory.size",
    "memory.grow",
    "memory.copy",
    "memory.fill",
    "i32.eqz",
    "i32.add",
    "i64.rotr",
    "f32.copysign",
    "f64.max",
    "i32.wrap_i64",
    "f64.reinterpret_i64",
    "i32.extend8_s",
    "i64.extend32_s",
    "i32.trunc_sat_f32_s",
    "i64.trunc_sat_f64_u",
]
SPACE = 300


def filled(instructions: Sequence[tuple[str, int]], moved: int = 0) -> str:
    return " ".join(re.sub(r"{\w}", str(index + moved), text) for text, index in instructions)


def module(*functions: str) -> CoreModule:
    """A module with functions that only an assembler has to understand."""
    types = "(type (func))" * 2 * SPACE
    text = f"(module {types} (table 1 funcref) (memory 1) {' '.join(functions)})"
    return read_core_module(bytes(wat2wasm(text)), "the module")


def entries(read: CoreModule) -> list[bytes]:
    return [u32(end - start) + read.data[start:end] for start, end in read.code]


def renumbered(read: CoreModule, moved: int = 0, space: int = SPACE) -> list[bytes]:
    numbers = range(moved, moved + space)
    return IndexRemapping(numbers, numbers, numbers).code(read.data, read.code, "the module")


CODE = st.lists(st.tuples(st.sampled_from(REFERRING + PLAIN), st.integers(0, SPACE - 1)))


@settings(deadline=None)
@given(st.lists(CODE, min_size=1, max_size=3), st.integers(0, SPACE))
def test_code_becomes_what_an_assembler_writes_for_the_other_numbers(
    code: list[list[tuple[str, int]]], moved: int
) -> None:
    before, after = (
        module(*(f"(func (type 0) (local i32 i64 i64) {filled(one, by)})" for one in code))
        for by in (0, moved)
    )

    assert renumbered(before) == entries(before)
    assert renumbered(before, moved) == entries(after)


@pytest.mark.parametrize("instruction", REFERRING + PLAIN)
def test_every_instruction_that_is_known_is_renumbered(instruction: str) -> None:
    code = [(instruction, index) for index in (0, 63, 64, 127, 128, 299)]
    before, after = (module(f"(func (type 0) {filled(code, moved)})") for moved in (0, 150))

    assert renumbered(before, 150) == entries(after)


def test_numbers_may_be_longer_than_they_have_to_be() -> None:
    # 83 00 is 3; a linker leaves room for numbers that it fills in later.
    body = bytes.fromhex("01 81 00 7f 10 83 80 80 80 00 41 80 80 00 24 83 00 20 80 00 0b")

    [entry] = IndexRemapping([], [9] * 4, [8] * 4).code(body, [(0, len(body))], "the module")

    assert entry == b"\x10" + bytes.fromhex("01 81 00 7f 10 09 41 80 80 00 24 08 20 80 00 0b")


@pytest.mark.parametrize(
    ("instruction", "found"),
    [
        ("return_call 0", "12 00"),
        ("return_call_indirect (type 0)", "13 00"),
        ("call_ref 0", "14 00"),
        ("throw 0", "08 00"),
        ("throw_ref", "0a 0b"),
        ("try_table end", "1f 40"),
        ("table.get 0", "25 00"),
        ("table.set 0", "26 00"),
        ("ref.null func", "d0 70"),
        ("ref.is_null", "d1 0b"),
        ("select (result funcref)", "1c 01"),
        ("block (result funcref) end", "02 70"),
        ("loop (result externref) end", "03 6f"),
        ("if (result v128) else end", "04 7b"),
        ("v128.const i64x2 0 0", "fd 0c"),
        ("i8x16.shuffle 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "fd 0d"),
        ("i32.atomic.load", "fe 10"),
        ("memory.init 0", "fc 08"),
        ("data.drop 0", "fc 09"),
        ("table.copy", "fc 0e"),
        ("table.size", "fc 10"),
        ("memory.size 1", "3f 01"),
        ("memory.grow 1", "40 01"),
        ("i32.load 1", "28 42"),
        ("f64.store 1 offset=16", "39 43"),
        ("memory.copy 0 1", "fc 0a"),
        ("memory.copy 1 0", "fc 0a"),
        ("memory.fill 1", "fc 0b"),
        ("struct.new 0", "fb 00"),
    ],
)
def test_an_instruction_that_is_not_known_is_refused_with_its_place(
    instruction: str, found: str
) -> None:
    read = module(f"(func (type 0) nop nop {instruction})")
    place = read.code[0][0] + 3

    with pytest.raises(
        ComposeError,
        match=rf"the module: expected an instruction that is known at byte {place}, found {found}$",
    ):
        renumbered(read)


def test_a_table_beside_the_first_is_refused_with_its_place() -> None:
    read = module("(table 1 funcref) (func (type 0) call_indirect 1 (type 7))")
    place = read.code[0][0] + 3

    with pytest.raises(ComposeError, match=f"expected the first table at byte {place}, found anot"):
        renumbered(read)


@pytest.mark.parametrize("instruction", REFERRING)
def test_a_number_that_there_is_not_is_refused_with_its_place(instruction: str) -> None:
    read = module(f"(func (type 0) {filled([(instruction, 12)])})")
    place = read.code[0][0] + 2

    with pytest.raises(ComposeError, match=f"expected one of 12 at byte {place}, found 12$"):
        renumbered(read, space=12)


ENDING = {
    "41": "expected an instruction that is known at byte 1, found 41",
    "41 80": "expected an instruction that is known at byte 1, found 41 80",
    "10 80": "expected an instruction that is known at byte 1, found 10 80",
    "43 00 00 00": "expected an instruction that is known at byte 1, found 43 00",
    "28 00": "expected an instruction that is known at byte 1, found 28 00",
    "fc": "expected an instruction that is known at byte 1, found fc",
    "0e 02 00 00": "expected a label at byte 5, found the end",
    "0e": "expected the number of labels at byte 2, found the end",
    "11 00": "expected a table at byte 3, found the end",
}


@pytest.mark.parametrize(("code", "message"), ENDING.items())
def test_code_that_ends_within_an_instruction_is_refused(code: str, message: str) -> None:
    body = b"\0" + bytes.fromhex(code)

    # What comes after the function is not read.
    with pytest.raises(ComposeError, match=message):
        IndexRemapping([0], [0], [0]).code(body + bytes(9), [(0, len(body))], "the module")


@pytest.mark.parametrize("code", ["", "02 01", "01 01"])
def test_locals_that_end_too_early_are_refused(code: str) -> None:
    body = bytes.fromhex(code)

    with pytest.raises(ComposeError, match=r"local.* found the end"):
        IndexRemapping([0], [0], [0]).code(body + bytes(9), [(0, len(body))], "the module")


@given(st.binary(max_size=40))
def test_other_bytes_never_raise_anything_but_a_compose_error(body: bytes) -> None:
    numbering = IndexRemapping([0] * 9, [0] * 9, [0] * 9)
    answer: object
    try:
        answer = numbering.code(body, [(0, len(body))], "the module")
    except ComposeError as error:
        answer = str(error)

    assert isinstance(answer, list) or str(answer).startswith("cannot read the module: expected ")
