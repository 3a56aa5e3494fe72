import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import Engine, Store, WasiConfig, WasmtimeError, wat2wasm
from wasmtime.component import (
    Bool,
    BorrowType,
    Component,
    EnumType,
    FlagsType,
    Func,
    FuncType,
    Instance,
    Linker,
    ListType,
    OptionType,
    Record,
    RecordType,
    ResourceAny,
    ResourceHost,
    ResourceType,
    ResultType,
    String,
    TupleType,
    Variant,
    VariantType,
)

from fastly_compute.cli.compose import ComposeError, compose, stub_component

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

# Two of the app's four imports come from the stub, which has one of its own.
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
            r"section 6 \(alias\) at byte \d+: expected 0x03 .* found 0x05",
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
        ("0a 01 01", "expected an import at byte 11, found the end of the section"),
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

    with pytest.raises(ComposeError, match=r"no type of its own.* the export 'typed'"):
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

    try:
        answer = compose(bytes(damaged), NUMBER_STUB)
    except ComposeError as error:
        answer = error

    assert isinstance(answer, bytes | ComposeError)


# The stub

IO_RESOURCES = {
    "wasi:io/error@0.2.9": ["error"],
    "wasi:io/poll@0.2.9": ["pollable"],
    "wasi:io/streams@0.2.9": ["input-stream", "output-stream"],
}
PACKAGES = {"filesystem": "not-permitted", "sockets": "not-supported"}


def exported_functions(wasm: bytes) -> dict[str, dict[str, FuncType]]:
    engine = Engine()
    interfaces = Component(engine, wasm).type.exports(engine)
    return {
        interface: {
            name: item.ty
            for name, item in instance.ty.exports(engine).items()
            if isinstance(item.ty, FuncType)
        }
        for interface, instance in interfaces.items()
    }


def functions_in_wit(package: str) -> Iterator[tuple[str, str]]:
    folder = files("fastly_compute.cli").joinpath("wit", "deps")
    interface = resource = ""
    for line in folder.joinpath(f"{package}.wit").read_text().splitlines():
        if match := re.match(r"interface (\S+) {", line):
            interface = match[1]
        elif match := re.match(r"  resource ([^ ;]+)", line):
            resource = match[1]
        elif match := re.match(r"( +)%?(\S+): func\(", line):
            name = f"[method]{resource}.{match[2]}" if len(match[1]) == 4 else match[2]
            yield f"wasi:{package}/{interface}@0.2.9", name


def stub_with_constructors() -> bytes:
    """The stub with a function `make-<resource>` for every resource that nobody can have."""
    text = files("fastly_compute.cli").joinpath("wasi_stub.wat").read_text()
    for name in re.findall(r"\(type \$(\S+)' \(resource ", text):
        export = f'(export ${name} "{name}" (type ${name}\'))'
        assert text.count(export) == 1
        text = text.replace(
            export,
            f"""{export}
            (core func $make-{name} (canon resource.new ${name}'))
            (func (export "make-{name}") (param "rep" u32) (result (own ${name}))
              (canon lift (core func $make-{name})))""",
        )
    return bytes(wat2wasm(text))


def sample(kind: Any, resource: Any) -> Any:
    """Some value of a type; `resource` makes one for a borrow."""
    match kind:
        case Bool():
            return True
        case String():
            return "name"
        case ListType():
            element = sample(kind.element, resource)
            return bytes([element]) if isinstance(element, int) else [element]
        case EnumType():
            return kind.names[-1]
        case FlagsType():
            return set()
        case OptionType():
            return sample(kind.payload, resource)
        case TupleType():
            return tuple(sample(element, resource) for element in kind.elements)
        case RecordType():
            record = Record()
            for name, field in kind.fields:
                setattr(record, name, sample(field, resource))
            return record
        case VariantType():
            name, payload = kind.cases[-1]
            return Variant(name, sample(payload, resource))
        case BorrowType():
            return resource()
        case _:
            return 1


class StubInstance:
    """A fresh instance of a stub, on a host that has the resources it imports and nothing else."""

    def __init__(self, wasm: bytes, package: str) -> None:
        engine = Engine()
        linker = Linker(engine)
        with linker.root() as root:
            for interface, resources in IO_RESOURCES.items():
                with root.add_instance(interface) as io:
                    for number, resource in enumerate(resources):
                        io.add_resource(resource, ResourceType.host(number), lambda *_: None)
        self.store = Store(engine)
        self.interface = {
            "filesystem": "wasi:filesystem/types@0.2.9",
            "sockets": "wasi:sockets/tcp@0.2.9",
        }[package]
        self.instance = linker.instantiate(self.store, Component(engine, wasm))

    def call(self, name: str, *arguments: Any) -> Any:
        func = exported_func(self.store, self.instance, self.interface, name)
        return func(self.store, *arguments)

    def call_with_samples(self, name: str) -> Any:
        func = exported_func(self.store, self.instance, self.interface, name)
        arguments = [
            sample(kind, lambda parameter=parameter: self.resource(parameter, name))
            for parameter, kind in func.type(self.store).params
        ]
        return func(self.store, *arguments)

    def resource(self, parameter: str, function: str) -> ResourceAny:
        if parameter == "err":
            return ResourceHost.own(1, 0).to_any(self.store)
        name = {
            "self": function.removeprefix("[method]").partition(".")[0],
            "network": "network",
        }.get(parameter, "descriptor")
        made = self.call(f"make-{name}", 1)
        assert isinstance(made, ResourceAny)
        return made


def test_the_stub_imports_nothing_but_resources() -> None:
    engine = Engine()

    imports = Component(engine, stub_component()).type.imports(engine)

    assert {
        interface: sorted(instance.ty.exports(engine)) for interface, instance in imports.items()
    } == IO_RESOURCES


@pytest.mark.parametrize("package", PACKAGES)
def test_the_stub_has_every_function_of_the_wit(package: str) -> None:
    wanted = set(functions_in_wit(package))
    exported = exported_functions(stub_component())

    assert len(wanted) > 25
    assert {(interface, name) for interface, name in wanted if name not in exported[interface]} == (
        set()
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_function_that_can_answer_with_an_error_does(package: str) -> None:
    wasm = stub_with_constructors()
    stub = StubInstance(wasm, package)
    answers = {
        name: stub.call_with_samples(name)
        for name, func in exported_functions(wasm)[stub.interface].items()
        if isinstance(func.result, ResultType)
    }

    assert len(answers) > 25
    assert {
        name: answer.payload if isinstance(answer, Variant) and answer.tag == "err" else answer
        for name, answer in answers.items()
    } == dict.fromkeys(answers, PACKAGES[package])


def test_functions_without_an_error_answer_with_nothing() -> None:
    wasm = stub_with_constructors()
    filesystem = StubInstance(wasm, "filesystem")
    sockets = StubInstance(wasm, "sockets")

    assert filesystem.call("get-directories") == []
    assert filesystem.call_with_samples("[method]descriptor.is-same-object") is False
    assert filesystem.call_with_samples("filesystem-error-code") is None
    assert sockets.call_with_samples("[method]tcp-socket.is-listening") is False
    assert sockets.call_with_samples("[method]tcp-socket.address-family") == "ipv4"
    assert sockets.call_with_samples("[method]udp-socket.address-family") == "ipv4"


@pytest.mark.parametrize(
    "resource",
    [
        "resolve-address-stream",
        "tcp-socket",
        "udp-socket",
        "incoming-datagram-stream",
        "outgoing-datagram-stream",
    ],
)
def test_waiting_for_a_socket_that_cannot_exist_traps(resource: str) -> None:
    stub = StubInstance(stub_with_constructors(), "sockets")

    with pytest.raises(WasmtimeError, match="unreachable"):
        stub.call_with_samples(f"[method]{resource}.subscribe")


def test_a_name_larger_than_the_memory_of_the_stub_is_not_found_either() -> None:
    stub = StubInstance(stub_component(), "sockets")
    network = stub.call("instance-network")

    for _ in range(3):
        answer = stub.call("resolve-addresses", network, "name" * 100_000)

        assert answer == "not-supported"
    network.drop(stub.store)


# A real app

PROBE = """
    import encodings.idna  # getaddrinfo() needs it, and nothing can be imported later
    import os
    import socket
    import sys


    class HttpIncoming:
        def handle(self, request, body):
            attempts = {
                "open": lambda: open("/etc/hosts"),
                "create": lambda: open("new.txt", "w"),
                "listdir": lambda: os.listdir("/"),
                "mkdir": lambda: os.mkdir("/new"),
                "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
                "udp": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
                "connect": lambda: socket.create_connection(("127.0.0.1", 80)),
                "getaddrinfo": lambda: socket.getaddrinfo("example.com", 80),
            }
            for name, attempt in attempts.items():
                try:
                    attempt()
                except OSError:
                    print(name, "OSError", file=sys.stderr)
                except BaseException as error:
                    print(name, repr(error), file=sys.stderr)
                else:
                    print(name, "nothing", file=sys.stderr)
"""


def build(folder: Path) -> bytes:
    source = folder / "source"
    source.mkdir()
    source.joinpath("probe.py").write_text(dedent(PROBE))
    built = folder / "app.wasm"
    with as_file(files("fastly_compute.cli").joinpath("wit")) as wit:
        arguments = ["-d", str(wit), "-w", "fastly:compute/service@0.1.0"]
        arguments += ["componentize", "-p", str(source), "probe", "-o", str(built)]
        subprocess.run(
            [sys.executable, "-c", "import componentize_py; componentize_py.script()", *arguments],
            check=True,
            capture_output=True,
        )
    return built.read_bytes()


def test_python_raises_os_error_where_there_is_no_file_and_no_network(tmp_path: Path) -> None:
    engine = Engine()
    composed = Component(engine, compose(build(tmp_path), stub_component()))
    imports = composed.type.imports(engine)
    linker = Linker(engine)
    linker.add_wasip2()
    resources: list[ResourceType] = []

    def not_called(*_: Any) -> None:
        raise AssertionError("the app calls nothing of the host")

    with linker.root() as root:
        for interface, instance in imports.items():
            if not interface.startswith("fastly:compute/"):
                continue
            with root.add_instance(interface) as host:
                for name, item in instance.ty.exports(engine).items():
                    if isinstance(item.ty, FuncType):
                        host.add_func(name, not_called)
                    elif isinstance(item.ty, ResourceType):
                        if item.ty not in resources:
                            resources.append(item.ty)
                        number = resources.index(item.ty)
                        host.add_resource(name, ResourceType.host(number), lambda *_: None)
    written: list[bytes] = []
    wasi = WasiConfig()
    wasi.stderr_custom = written.append
    store = Store(engine)
    store.set_wasi(wasi)
    app = linker.instantiate(store, composed)
    handle = exported_func(store, app, ENTRY_POINT, "handle")
    hosts = [ResourceType.host(number) for number in range(len(resources))]
    arguments = [
        ResourceHost.own(1, hosts.index(kind.ty)).to_any(store)
        for _, kind in handle.type(store).params
    ]

    handle(store, *arguments)

    assert b"".join(written).decode().splitlines() == [
        "open OSError",
        "create OSError",
        "listdir OSError",
        "mkdir OSError",
        "tcp OSError",
        "udp OSError",
        "connect OSError",
        "getaddrinfo OSError",
    ]
    assert not [name for name in imports if re.match("wasi:(filesystem|sockets)/", name)]
