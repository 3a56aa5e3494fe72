"""Putting an app together: the small app has the shape of what componentize-py builds."""

import re
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import Engine, Store, WasmtimeError, wat2wasm
from wasmtime.component import (
    Component,
    Func,
    Instance,
    Linker,
    ResourceAny,
    ResourceHost,
    ResourceType,
)

from fastly_compute.cli.component.link import ComposeError, link, stub_module
from fastly_compute.cli.component.wasm.app import read_app

ENTRY_POINT = "fastly:compute/http-incoming@0.1.0"
TEXT = Path(__file__).with_name("small_app.wat").read_text(encoding="utf-8")
APP = bytes(wat2wasm(TEXT))
END = APP.rindex(ENTRY_POINT.encode()) + len(ENTRY_POINT) + 3

STUB_TEXT = """
    (module
      (import "env" "memory" (memory 0))
      (func (export "test:stub/two#number") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const 1)))
      (func (export "test:stub/two#make") (param i32) (result i32) (i32.const 3584))
      (func (export "test:stub/two#[resource-drop]thing") (param i32)
        (i32.store8 (local.get 0) (i32.const 8)))
      (func (export "test:stub/four#first") (param i32 i32) (result i32)
        (i32.add (i32.sub (i32.load8_u (local.get 0)) (i32.const 51)) (local.get 1)))
      (func (export "test:stub/four#look") (param i32 i32)
        (i32.store16 (local.get 1) (i32.const 0x0101))))
"""
STUB = bytes(wat2wasm(STUB_TEXT))

Replacement = tuple[str, str]


def changed(*replacements: Replacement, text: str = TEXT) -> bytes:
    """The small app with some of its text replaced."""
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return bytes(wat2wasm(text))


def added(text: str) -> Replacement:
    """Puts something at the small app's end."""
    last = f'(export "{ENTRY_POINT}" (instance $incoming))'
    return last, f"{last} {text}"


def imports_and_exports(wasm: bytes) -> tuple[list[str], list[str]]:
    engine = Engine()
    types = Component(engine, wasm).type
    return list(types.imports(engine)), list(types.exports(engine))


class Host:
    """The host that the small app needs; `dropped` has the tickets that it gave back."""

    def __init__(self, composed: bytes) -> None:
        self.dropped: list[int] = []
        engine = Engine()
        linker = Linker(engine)
        with linker.root() as root:
            with root.add_instance("test:host/one@1.0.0") as one:
                one.add_func("number", lambda _: 1)
                one.add_resource(
                    "ticket", ResourceType.host(0), lambda _, number: self.dropped.append(number)
                )
                one.add_func("issue", lambda _: ResourceHost.own(42, 0))
            with root.add_instance("test:host/three@1.0.0") as three:
                three.add_func("length", lambda _, text: len(text))
                three.add_func("check", self.check)
                three.add_func("text", lambda _: "4x")
        self.store = Store(engine)
        self.instance = linker.instantiate(self.store, Component(engine, composed))
        self.handle = exported_func(self.store, self.instance, ENTRY_POINT, "handle")

    @staticmethod
    def check(store: Store, ticket: ResourceAny) -> int:
        ticket.drop(store)
        return 8


def exported_func(store: Store, instance: Instance, interface: str, name: str) -> Func:
    outer = instance.get_export_index(store, interface)
    index = instance.get_export_index(store, name, outer)
    assert index is not None
    func = instance.get_func(store, index)
    assert func is not None
    return func


# Composing


def test_the_result_imports_only_what_the_stub_does_not_stand_in_for() -> None:
    imports, _ = imports_and_exports(link(APP, STUB))

    assert imports == ["test:host/one@1.0.0", "test:host/three@1.0.0"]


def test_the_result_exports_only_the_entry_point() -> None:
    _, before = imports_and_exports(APP)
    _, after = imports_and_exports(link(APP, STUB))

    assert sorted(before) == ["exports", ENTRY_POINT]
    assert after == [ENTRY_POINT]


def test_the_entry_point_keeps_the_version_that_the_app_has() -> None:
    app = changed((ENTRY_POINT, "fastly:compute/http-incoming@0.3.7"))

    _, exports = imports_and_exports(link(app, STUB))

    assert exports == ["fastly:compute/http-incoming@0.3.7"]


def test_other_versions_of_an_interface_are_satisfied_too() -> None:
    app = changed(("test:stub/two@1.0.0", "test:stub/two@1.7.3"))

    imports, _ = imports_and_exports(link(app, STUB))

    assert imports == ["test:host/one@1.0.0", "test:host/three@1.0.0"]


def test_equal_inputs_give_equal_bytes() -> None:
    assert link(APP, STUB) == link(bytes(bytearray(APP)), STUB)


def test_the_result_has_two_core_modules_and_one_memory() -> None:
    modules = read_app(link(APP, STUB)).modules

    assert len(read_app(APP).modules) == 6
    assert len(modules) == 2
    assert [len(module.memories) for module in modules] == [1, 0]


def test_every_function_is_connected_with_what_it_was_connected_with() -> None:
    host = Host(link(APP, STUB))

    assert host.handle(host.store) == 123456789
    assert host.dropped == [42]


def test_what_runs_after_an_answer_still_does() -> None:
    host = Host(link(APP, STUB))

    first = host.handle(host.store)
    host.handle.post_return(host.store)
    second = host.handle(host.store)

    assert first == reduce(lambda number, digit: number * 10 + digit, range(1, 10))
    assert second == reduce(lambda number, digit: number * 100 + digit, range(1, 10)) % (1 << 32)


def test_a_trap_in_the_stub_is_a_trap_of_the_app() -> None:
    number = "(i32.add (local.get 0) (i32.const 1))"
    host = Host(link(APP, changed((number, "(unreachable)"), text=STUB_TEXT)))

    with pytest.raises(WasmtimeError, match="unreachable"):
        host.handle(host.store)


def test_an_interface_that_the_stub_does_not_have_stays_an_import() -> None:
    imports, exports = imports_and_exports(link(APP, stub_module()))

    assert imports == [
        "test:host/one@1.0.0",
        "test:stub/two@1.0.0",
        "test:host/three@1.0.0",
        "test:stub/four@1.0.0",
    ]
    assert exports == [ENTRY_POINT]


# Refusing


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (b"", "the app: expected a component, found no bytes"),
        (b"#!/usr/bin/python", "expected the bytes 00 61 73 6d .* found 23 21 2f"),
        (b"\0asm", "expected the bytes 00 61 73 6d 0d 00 01 00 at byte 0, found 00 61 73 6d$"),
        (b"\0asm\x0c\0\x01\0", "found 00 61 73 6d 0c 00 01 00"),
        (bytes(wat2wasm("(module)")), "expected a component, found a core module"),
        (b"\0asm\x0d\0\x01\0\x2a\0", "expected a section of a component at byte 8, found 0x2a"),
        (b"\0asm\x0d\0\x01\0\x07", r"the size of section 7 \(type\) at byte 9, found the end"),
        (b"\0asm\x0d\0\x01\0\x07\x80", "at byte 10, found the end after 0 of 1 bytes"),
        (b"\0asm\x0d\0\x01\0\x07\x05\x01", "at byte 10, found the end after 1 of 5 bytes"),
        (
            b"\0asm\x0d\0\x01\0\x07\xff\xff\xff\xff\x1f",
            "at byte 9, found a number of more than 32 bits",
        ),
        (bytes(wat2wasm("(component)")), "module that fills a table .* was not built by compon"),
        (link(APP, STUB), "module that fills a table of host functions; it is composed already"),
    ],
)
def test_what_is_no_app_is_refused_by_name(app: bytes, message: str) -> None:
    with pytest.raises(ComposeError, match=message):
        link(app, STUB)


@pytest.mark.parametrize(
    ("replacement", "message"),
    [
        pytest.param(
            (ENTRY_POINT, "wasi:http/incoming-handler@0.2.9"),
            "export one instance fastly:compute/http-incoming, found exports, wasi:http/incoming-",
            id="no entry point",
        ),
        pytest.param(
            added('(export "fastly:compute/http-incoming@0.2.0" (instance $incoming))'),
            "one instance fastly:compute/http-incoming, found .*@0.1.0, .*@0.2.0$",
            id="two entry points",
        ),
        pytest.param(
            (
                f'(export "{ENTRY_POINT}" (instance $incoming))',
                f'(export "{ENTRY_POINT}" (instance $one))',
            ),
            "expected fastly:compute/http-incoming to have one function, found 0",
            id="an entry point without a function",
        ),
        pytest.param(
            added('(export "more" (instance $two))'),
            "it passes on what the stub stands in for",
            id="an export of what the stub has",
        ),
        pytest.param(
            added('(import "run" (func))'),
            r"section 10 \(import\) at byte \d+: expected 0x05 .* of import 'run' .* found 0x01",
            id="an import of a function",
        ),
        pytest.param(
            added('(export "typed" (instance $exports) (instance))'),
            r"section 11 \(export\) at byte \d+: expected 0x00 .*no type.* 'typed'",
            id="an export with a type",
        ),
        pytest.param(
            added('(export "kind" (type $ticket))'),
            r"found Export\(name='kind', sort=<Sort.TYPE: 3>.*not built by componentize-py",
            id="an export of a type",
        ),
        pytest.param(
            added(
                """(import "test:host/nested@1.0.0" (instance $nested (export "c" (component))))
                (alias export $nested "c" (component))"""
            ),
            r"found Alias\(sort=<Sort.COMPONENT: 4>.*not built by componentize-py",
            id="an alias of a component",
        ),
        pytest.param(
            added("(core type (func))"),
            r"found section 3 \(core type\) at byte \d+; it was not built by componentize-py",
            id="a core type",
        ),
        pytest.param(
            ("(type $family' (enum", "(core module (start 0) (func)) (type $family' (enum"),
            r"core module 0 of the app: expected no such section, found start at byte \d+",
            id="a start function",
        ),
        pytest.param(
            added('(type (func)) (import "test:stub/four@1.1.0" (instance))'),
            "types of imports are not by themselves",
            id="types together",
        ),
        pytest.param(
            (
                '(alias core export $app "handle" (core func $handle))',
                "(core func $handle (canon lower (func $one-number)))",
            ),
            r"core function \d+ is the host's own",
            id="an entry point that is the host's own",
        ),
        pytest.param(
            ("(canon resource.drop $ticket)", "(canon resource.drop $family')"),
            r"core function \d+ is not the host's",
            id="a drop of something that is not a host resource",
        ),
        pytest.param(
            (
                '(alias export $one "number" (func $one-number))',
                """(component $c) (instance $c (instantiate $c))
                (alias export $c "number" (func $one-number))""",
            ),
            "number is of no import",
            id="a function of a component within",
        ),
        pytest.param(
            ('(with "" (instance $lowered))', '(with "" (instance $shim))'),
            "the table of host functions is nowhere",
            id="a table from elsewhere",
        ),
        pytest.param(
            ("(elem (i32.const 0) func $0 $1 $2 $3)", "(elem (i32.const 0) func $0 $1 $3 $2)"),
            "expected a module that fills a table of host functions",
            id="a table in another order",
        ),
        pytest.param(
            ("(func $then", "(memory 1) (func $then"),
            "expected one module to define a memory, found 2",
            id="two memories",
        ),
        pytest.param(
            ("(func $unused", "(table 1 funcref) (func $unused"),
            "expected one module to define a table, found 2",
            id="two tables",
        ),
        pytest.param(
            ("(func $unused", '(data (i32.const 0) "x") (func $unused'),
            "expected one module to define data, found 2",
            id="data in two modules",
        ),
        pytest.param(
            (
                '(import "env" "first" (func $first (param i32 i32) (result i32)))',
                '(import "env" "first" (func $first (param i32) (result i32)))',
            ),
            "core module 2 of the app: its import env first is a function of another type",
            id="a function of another type",
        ),
        pytest.param(
            ("(elem (global.get $table-base) func $six)", "(elem (global.get $stack) func $six)"),
            "a constant refers to what can change",
            id="a table's offset that can change",
        ),
        pytest.param(
            ('(with "GOT.mem" (instance $got-mem))', ""),
            r"it refers to what it does not have \(KeyError\('GOT.mem'\)\)",
            id="a module without an argument",
        ),
        pytest.param(
            added('(export "more" (instance 99))'),
            r"it refers to what it does not have \(IndexError",
            id="an export of what is not there",
        ),
        pytest.param(
            ('(alias core export $app "handle"', '(alias core export $filled "handle"'),
            r"it refers to what it does not have \(KeyError\(\d+\)\)",
            id="an export of the module that fills the table",
        ),
        pytest.param(
            ('(alias core export $app "handle"', '(alias core export $app "handles"'),
            "expected a function or a memory, found None as 'handles'",
            id="an export that is not there",
        ),
        pytest.param(
            ('(alias core export $app "handle"', '(alias core export $main "__stack_pointer"'),
            r"expected a function or a memory, found \(<Kind.GLOBAL: 3>, 0\)",
            id="an export of another kind",
        ),
        pytest.param(
            ('"things" (func $libc "things")', '"things" (func $libc "scale")'),
            "expected a module to export a function, found Exported.*scale",
            id="a global instead of a function",
        ),
        pytest.param(
            ("(i32.const 6))", "(i32.const 6) (drop (v128.const i64x2 0 0)))"),
            r"core module 2 of the app: expected an instruction .* at byte \d+, found fd 0c",
            id="an instruction that is not known",
        ),
    ],
)
def test_an_app_that_cannot_be_composed_is_refused_by_name(
    replacement: Replacement, message: str
) -> None:
    app = changed(replacement)

    with pytest.raises(ComposeError, match=message):
        link(app, STUB)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("0a 00", "expected the number of entries at byte 10, found the end"),
        ("0a 01 01", "expected an entry at byte 11, found the end of the section"),
        ("0a 02 00 00", "expected the end of the section at byte 11, found more bytes"),
        ("0a 04 01 00 02 61", "expected the name of an import at byte 13, found the end after 1"),
        ("0a 04 01 00 01 ff", "expected the name of an import at byte 12, found bytes .* UTF-8"),
        ("0a 04 01 07 01 61", "expected the name of an import at byte 11, found 0x07"),
        ("0a 06 02 00 01 61 05 00", "expected an entry at byte 16, found the end of the section"),
        ("07 05 ff ff ff ff 0f", "expected no more entries than bytes at byte 10, found 42949672"),
        ("06 06 01 03 02 00 01 61", "0x00 .* as the target of an alias at byte 12, found 0x02"),
        ("06 06 01 00 00 00 01 61", "0x01 .* as the target of an alias at byte 13, found 0x00"),
        ("06 06 01 00 11 01 00 00", "expected the kind of a core alias at byte 12, found 0x11"),
        ("06 04 01 07 00 00", "expected the kind of an alias at byte 11, found 0x07"),
        ("02 02 01 02", "expected a core module or exports .* at byte 11, found 0x02"),
        ("02 06 01 00 00 01 00 11", r"expected 0x12 \(a core instance\) .* byte 15, found 0x11"),
        ("02 05 01 01 01 00 10", "expected the kind of a core export at byte 14, found 0x10"),
        ("05 02 01 01", "expected 0x00 .* as an instance at byte 11, found 0x01"),
        ("05 06 01 00 00 01 00 00", "expected the kind of an argument at byte 15, found 0x00"),
        ("08 02 01 05", "expected a built-in that is known at byte 11, found 0x05"),
        ("08 03 01 00 01", r"expected 0x00 after 0x00 \(lift\) at byte 12, found 0x01"),
        ("08 03 01 01 01", r"expected 0x00 after 0x01 \(lower\) at byte 12, found 0x01"),
        ("0b 06 01 00 01 61 00 00", "expected the kind of an export at byte 14, found 0x00"),
        ("01 03 00 61 73", "core module 0 of the app: expected a core module at byte 0, found the"),
    ],
)
def test_a_damaged_section_is_refused_with_the_place(section: str, message: str) -> None:
    with pytest.raises(ComposeError, match=message):
        link(APP[:8] + bytes.fromhex(section) + APP[8:], STUB)


@pytest.mark.parametrize(
    ("replacement", "message"),
    [
        pytest.param(
            ("two#number", "two#other"),
            "expected a module to export a function, found .*'test:stub/two#number'",
            id="a function is missing",
        ),
        pytest.param(
            ("two#[resource-drop]thing", "two#drop"),
            r"expected a module to export a function, found .*two#\[resource-drop\]thing'",
            id="a drop is missing",
        ),
        pytest.param(
            ("(param i32) (result i32) (i32.const 3584)", "(result i32) (i32.const 3584)"),
            "core module 1 of the app: its import test:stub/two@1.0.0 make is .* another type",
            id="a function has another type",
        ),
        pytest.param(
            ('(import "env"', '(import "env" "f" (func)) (import "env"'),
            "cannot link the stub: nothing is given for its import env f",
            id="it needs more than the memory",
        ),
    ],
)
def test_a_stub_that_does_not_fit_is_refused_by_name(
    replacement: Replacement, message: str
) -> None:
    stub = changed(replacement, text=STUB_TEXT)

    with pytest.raises(ComposeError, match=message):
        link(APP, stub)


def test_a_damaged_stub_is_refused_as_the_stub() -> None:
    with pytest.raises(ComposeError, match=r"cannot read the stub: .* found the end after"):
        link(APP, STUB[:-1])


def test_an_app_that_ends_anywhere_before_its_end_is_refused() -> None:
    assert link(APP[:END], STUB)

    for length in range(END):
        with pytest.raises(ComposeError):
            link(APP[:length], STUB)


def edits(data: bytes) -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    """Some places where bytes are left out and others put in."""
    places = st.integers(0, len(data) - 1)
    # What ends or continues a number, is a limit or an index that some space does not have.
    byte = st.sampled_from([0, 1, 2, 6, 0x0B, 0x40, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)
    copied = st.builds(lambda start, length: data[start:][:length], places, st.integers(1, 40))
    return st.lists(
        st.tuples(places, st.just(1), byte.map(lambda value: bytes([value])))
        | st.tuples(places, st.integers(0, 6), st.lists(byte, max_size=6).map(bytes) | copied)
        | st.tuples(places, st.just(len(data)), st.just(b"")),
        min_size=1,
        max_size=4,
    )


def edited(data: bytes, places: list[tuple[int, int, bytes]]) -> bytes:
    damaged = bytearray(data)
    for start, length, put in places:
        damaged[start : start + length] = put
    return bytes(damaged)


def result_or_message(app: bytes, stub: bytes) -> str:
    try:
        link(app, stub)
    except ComposeError as error:
        return str(error)
    return "composed"


@settings(max_examples=500, deadline=None)
@given(edits(APP))
def test_a_damaged_app_never_raises_anything_but_a_compose_error(
    places: list[tuple[int, int, bytes]],
) -> None:
    answer = result_or_message(edited(APP, places), STUB)

    assert re.match("cannot (read|link|compose) |composed$", answer)


@settings(deadline=None)
@given(edits(STUB))
def test_a_damaged_stub_never_raises_anything_but_a_compose_error(
    places: list[tuple[int, int, bytes]],
) -> None:
    answer = result_or_message(APP, edited(STUB, places))

    assert re.match("cannot (read|link|compose) |composed$", answer)
