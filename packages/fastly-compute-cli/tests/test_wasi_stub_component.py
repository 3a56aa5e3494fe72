"""The stub component, which replaces a filesystem and a network."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from wasmtime import Engine, Store, WasmtimeError, wat2wasm
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

from fastly_compute.cli.component.compose import stub_component

IO_RESOURCES = {
    "wasi:io/error@0.2.9": ["error"],
    "wasi:io/poll@0.2.9": ["pollable"],
    "wasi:io/streams@0.2.9": ["input-stream", "output-stream"],
}
SOURCE = files("fastly_compute.cli.component").joinpath("wasi_stub", "component.wat")
PACKAGES = {"filesystem": "not-permitted", "sockets": "not-supported"}


def exported_func(store: Store, instance: Instance, interface: str, name: str) -> Func:
    outer = instance.get_export_index(store, interface)
    index = instance.get_export_index(store, name, outer)
    assert index is not None
    func = instance.get_func(store, index)
    assert func is not None
    return func


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
    """The stub with a function `make-<resource>` for every resource that cannot be obtained."""
    text = SOURCE.read_text(encoding="utf-8")
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
