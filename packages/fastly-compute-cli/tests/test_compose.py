"""Satisfying an app's imports with a stub, in an outer component."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import Engine, Store, wat2wasm
from wasmtime.component import (
    Component,
    Func,
    Instance,
    Linker,
)

from fastly_compute.cli.component.compose import compose, stub_component
from fastly_compute.cli.component.wasm.binary import ComposeError

ENTRY_POINT = "fastly:compute/http-incoming@0.1.0"


def component(text: str) -> bytes:
    return bytes(wat2wasm(f"(component {text})"))


HANDLER = f"""
    (core module $module (func (export "handle") (result i32) (i32.const 7)))
    (core instance $core (instantiate $module))
    (func $handle (result u32) (canon lift (core func $core "handle")))
    (instance $incoming (export "handle" (func $handle)))
    (export "{ENTRY_POINT}" (instance $incoming))
    (export "exports" (instance $incoming))
"""

WASI_IO = """
    (import "wasi:io/error@0.2.9" (instance (export "error" (type (sub resource)))))
    (import "wasi:io/poll@0.2.9" (instance (export "pollable" (type (sub resource)))))
    (import "wasi:io/streams@0.2.9" (instance
      (export "input-stream" (type (sub resource)))
      (export "output-stream" (type (sub resource)))))
"""

PREOPENS = """
    (import "wasi:filesystem/types@0.2.9" (instance $types
      (export "descriptor" (type (sub resource)))))
    (alias export $types "descriptor" (type $descriptor))
    (import "wasi:filesystem/preopens@0.2.9" (instance
      (alias outer 1 $descriptor (type $outer))
      (export "descriptor" (type $own (eq $outer)))
      (export "get-directories" (func (result (list (tuple (own $own) string)))))))
"""

APP = component(WASI_IO + PREOPENS + HANDLER)

NUMBER = '(export "number" (func (result u32)))'

# Two of the app's four imports come from the stub, which has one itself.
ADDING_APP = component(f"""
    (import "test:host/one@1.0.0" (instance $one {NUMBER}))
    (import "test:stub/two@1.0.0" (instance $two {NUMBER}))
    (import "test:host/three@1.0.0" (instance $three {NUMBER}))
    (import "test:stub/four@1.0.0" (instance $four {NUMBER}))
    (core module $module
      (import "" "one" (func $one (result i32)))
      (import "" "two" (func $two (result i32)))
      (import "" "three" (func $three (result i32)))
      (import "" "four" (func $four (result i32)))
      (func $push (param i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 10)) (local.get 1)))
      (func (export "handle") (result i32)
        (call $one) (call $two) (call $push) (call $three) (call $push) (call $four) (call $push)))
    (core func $one (canon lower (func $one "number")))
    (core func $two (canon lower (func $two "number")))
    (core func $three (canon lower (func $three "number")))
    (core func $four (canon lower (func $four "number")))
    (core instance $core (instantiate $module (with "" (instance
      (export "one" (func $one))
      (export "two" (func $two))
      (export "three" (func $three))
      (export "four" (func $four))))))
    (func $handle (result u32) (canon lift (core func $core "handle")))
    (instance $incoming (export "handle" (func $handle)))
    (export "{ENTRY_POINT}" (instance $incoming))
""")

NUMBER_STUB = component(f"""
    (import "test:host/one@1.0.5" (instance {NUMBER}))
    (core module $module
      (func (export "two") (result i32) (i32.const 2))
      (func (export "four") (result i32) (i32.const 4)))
    (core instance $core (instantiate $module))
    (func $two (result u32) (canon lift (core func $core "two")))
    (func $four (result u32) (canon lift (core func $core "four")))
    (instance $four (export "number" (func $four)))
    (instance $two (export "number" (func $two)))
    (export "test:stub/four@1.0.5" (instance $four))
    (export "test:stub/two@1.0.5" (instance $two))
""")


def imports_and_exports(wasm: bytes) -> tuple[list[str], list[str]]:
    engine = Engine()
    types = Component(engine, wasm).type
    return list(types.imports(engine)), list(types.exports(engine))


def exported_func(store: Store, instance: Instance, interface: str, name: str) -> Func:
    outer = instance.get_export_index(store, interface)
    func = instance.get_func(store, instance.get_export_index(store, name, outer))
    assert func is not None
    return func


# Composing


def test_the_result_imports_only_what_the_stub_does_not_export() -> None:
    imports, _ = imports_and_exports(compose(APP, stub_component()))

    assert imports == ["wasi:io/error@0.2.9", "wasi:io/poll@0.2.9", "wasi:io/streams@0.2.9"]


def test_the_result_exports_only_the_entry_point() -> None:
    _, before = imports_and_exports(APP)
    _, after = imports_and_exports(compose(APP, stub_component()))

    assert sorted(before) == sorted(["exports", ENTRY_POINT])
    assert after == [ENTRY_POINT]


def test_the_entry_point_keeps_the_version_that_the_app_has() -> None:
    handler = HANDLER.replace(ENTRY_POINT, "fastly:compute/http-incoming@0.3.7")

    _, exports = imports_and_exports(compose(component(handler), stub_component()))

    assert exports == ["fastly:compute/http-incoming@0.3.7"]


def test_other_versions_of_an_interface_are_satisfied_too() -> None:
    app = component((WASI_IO + PREOPENS + HANDLER).replace("@0.2.9", "@0.2.3"))

    imports, _ = imports_and_exports(compose(app, stub_component()))

    assert imports == ["wasi:io/error@0.2.3", "wasi:io/poll@0.2.3", "wasi:io/streams@0.2.3"]


def test_a_type_of_a_satisfied_import_can_be_used_by_an_import_that_remains() -> None:
    later = """
        (import "wasi:sockets/network@0.2.9" (instance $network
          (export "ip-address-family" (type (eq $family')))))
        (alias export $network "ip-address-family" (type $family))
        (import "test:later/types@1.0.0" (instance $later
          (alias outer 1 $family (type $outer))
          (export "family" (type $f (eq $outer)))
          (export "thing" (type $thing (sub resource)))
          (export "which" (func (result $f)))))
        (alias export $later "thing" (type $thing))
        (import "test:later/user@1.0.0" (instance
          (alias outer 1 $thing (type $outer))
          (export "thing" (type $t (eq $outer)))
          (export "make" (func (result (own $t))))))
    """
    app = component('(type $family\' (enum "ipv4" "ipv6"))' + WASI_IO + later + HANDLER)

    imports, _ = imports_and_exports(compose(app, stub_component()))

    assert imports[3:] == ["test:later/types@1.0.0", "test:later/user@1.0.0"]


def test_an_app_that_needs_no_stub_does_not_get_one() -> None:
    stub = stub_component()

    composed = compose(component(WASI_IO + HANDLER), stub)

    assert imports_and_exports(composed) == (
        ["wasi:io/error@0.2.9", "wasi:io/poll@0.2.9", "wasi:io/streams@0.2.9"],
        [ENTRY_POINT],
    )
    assert stub not in composed


def test_every_import_is_connected_with_its_own_instance() -> None:
    composed = compose(ADDING_APP, NUMBER_STUB)
    engine = Engine()
    linker = Linker(engine)
    with linker.root() as root:
        for name, number in (("one", 1), ("three", 3)):
            with root.add_instance(f"test:host/{name}@1.0.0") as host:
                host.add_func("number", lambda _, number=number: number)
    store = Store(engine)
    instance = linker.instantiate(store, Component(engine, composed))

    handle = exported_func(store, instance, ENTRY_POINT, "handle")

    assert handle(store) == 1234


def test_a_component_that_a_host_accepts_already_stays_as_it_is() -> None:
    app = component(HANDLER.replace('(export "exports" (instance $incoming))', ""))

    assert compose(app, stub_component()) == app


def test_equal_inputs_give_equal_bytes() -> None:
    assert compose(APP, stub_component()) == compose(APP, stub_component())


# Refusing


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (b"", "the app: expected a component, found no bytes"),
        (b"#!/usr/bin/python", "expected the bytes 00 61 73 6d .* found 23 21 2f"),
        (b"\0asm", "expected the bytes 00 61 73 6d 0d 00 01 00 at byte 0, found 00 61 73 6d$"),
        (b"\0asm\x0c\0\x01\0", "found 00 61 73 6d 0c 00 01 00"),
        (bytes(wat2wasm("(module)")), "expected a component, found a core module"),
        (component(""), "to export one instance .*http-incoming, found no exported instance"),
        (
            component(HANDLER.replace(ENTRY_POINT, "wasi:http/incoming-handler@0.2.9")),
            "found wasi:http/incoming-handler@0.2.9, exports$",
        ),
        (
            component(
                HANDLER + '(export "fastly:compute/http-incoming@0.2.0" (instance $incoming))'
            ),
            "to export one instance fastly:compute/http-incoming, found ",
        ),
        (
            compose(APP, NUMBER_STUB),
            r"section 4 \(component\) at byte \d+; it is composed already",
        ),
        (
            component('(import "run" (func))' + HANDLER),
            r"section 10 \(import\) at byte \d+: expected 0x05 .* of import 'run' .* found 0x01",
        ),
        (
            component(HANDLER + WASI_IO),
            r"every import before the first core module, found section 10 \(import\)",
        ),
        (
            component(
                f'(import "a:b/c" (instance $i (export "n" (instance {NUMBER}))))'
                '(alias export $i "n" (instance))' + HANDLER
            ),
            r"section 6 \(alias\) at byte \d+: expected an alias of a type .* found .*INST",
        ),
        (b"\0asm\x0d\0\x01\0\x2a\0", "expected a section of a component at byte 8, found 0x2a"),
        (b"\0asm\x0d\0\x01\0\x07", r"the size of section 7 \(type\) at byte 9, found the end"),
        (b"\0asm\x0d\0\x01\0\x07\x80", "at byte 10, found the end after 0 of 1 bytes"),
        (b"\0asm\x0d\0\x01\0\x07\x05\x01", "at byte 10, found the end after 1 of 5 bytes"),
        (
            b"\0asm\x0d\0\x01\0\x07\xff\xff\xff\xff\x1f",
            "at byte 9, found a number of more than 32 bits",
        ),
    ],
)
def test_an_app_that_cannot_be_composed_is_refused_by_name(app: bytes, message: str) -> None:
    with pytest.raises(ComposeError, match=message):
        compose(app, stub_component())


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("0a 00", "expected the number of entries at byte 10, found the end"),
        ("0a 01 01", "expected an entry at byte 11, found the end of the section"),
        ("0a 02 00 00", "expected the end of the section at byte 11, found more bytes"),
        ("0a 04 01 00 02 61", "expected the name of an import at byte 13, found the end after 1"),
        ("0a 04 01 00 01 ff", "expected the name of an import at byte 12, found bytes .* UTF-8"),
        ("0a 04 01 07 01 61", "expected the name of an import at byte 11, found 0x07"),
        ("06 06 01 03 00 00 01 61", "alias 'a' to refer to one of the 0 instances .* instance 0$"),
        ("06 06 01 03 02 00 01 61", "0x00 .* as the target of an alias at byte 12, found 0x02"),
    ],
)
def test_a_damaged_section_is_refused_with_the_place(section: str, message: str) -> None:
    app = component(HANDLER)

    with pytest.raises(ComposeError, match=message):
        compose(app[:8] + bytes.fromhex(section) + app[8:], stub_component())


def test_an_export_with_a_type_of_its_own_is_refused() -> None:
    typed = '(export "typed" (instance $incoming) (instance (export "handle" (func (result u32)))))'

    with pytest.raises(ComposeError, match=r"no type.* the export 'typed'"):
        compose(component(HANDLER + typed), stub_component())


def test_a_stub_that_needs_more_than_the_app_imports_is_refused_by_name() -> None:
    without_poll = re.sub(r'\(import "wasi:io/poll.*', "", WASI_IO)

    with pytest.raises(
        ComposeError,
        match=r"import wasi:filesystem/types@0.2.9: .* import wasi:io/poll@0.2.9 before it",
    ):
        compose(component(without_poll + PREOPENS + HANDLER), stub_component())


def test_a_damaged_stub_is_refused_as_the_stub() -> None:
    with pytest.raises(ComposeError, match=r"cannot read the stub: .* found the end after"):
        compose(APP, stub_component()[:-1])


def test_an_app_that_ends_anywhere_before_its_end_is_refused() -> None:
    app = ADDING_APP[: ADDING_APP.rindex(ENTRY_POINT.encode()) + len(ENTRY_POINT) + 3]
    assert compose(app, NUMBER_STUB)

    for length in range(len(app)):
        with pytest.raises(ComposeError):
            compose(app[:length], NUMBER_STUB)


@given(st.data())
def test_a_damaged_app_never_raises_anything_but_a_compose_error(data: st.DataObject) -> None:
    damaged = bytearray(ADDING_APP)
    places = st.integers(0, len(damaged) - 1)
    for place, byte in data.draw(st.dictionaries(places, st.integers(0, 255), max_size=3)).items():
        damaged[place] = byte
    if data.draw(st.booleans()):
        del damaged[data.draw(places) :]

    answer: bytes | ComposeError
    try:
        answer = compose(bytes(damaged), NUMBER_STUB)
    except ComposeError as error:
        answer = error

    assert isinstance(answer, bytes | ComposeError)
