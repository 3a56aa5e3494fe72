"""The stub that replaces a filesystem and a network, beside an app that componentize-py built."""

import fcntl
import re
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from wasmtime import Engine, Limits, Memory, MemoryType, Module, Store, Trap, WasiConfig
from wasmtime import Func as CoreFunc
from wasmtime import FuncType as CoreFuncType
from wasmtime import Instance as CoreInstance
from wasmtime.component import (
    S8,
    S16,
    S32,
    S64,
    U8,
    U16,
    U32,
    U64,
    Bool,
    BorrowType,
    Component,
    ComponentInstanceType,
    EnumType,
    FlagsType,
    FuncType,
    Linker,
    ListType,
    OptionType,
    OwnType,
    RecordType,
    ResourceHost,
    ResourceType,
    ResultType,
    String,
    TupleType,
    ValType,
    VariantType,
)

from fastly_compute.cli.component.link import link, stub_module
from fastly_compute.cli.component.wasm.app import read_app
from fastly_compute.cli.component.wasm.entries import (
    CoreSort,
    Import,
    ResourceFunction,
)

# One worker builds and compiles the app for all of them.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wasi-stub")]

ENTRY_POINT = "fastly:compute/http-incoming@0.1.0"
ERRORS = {"wasi:filesystem": "not-permitted", "wasi:sockets": "not-supported"}
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
                "stat": lambda: os.stat("/"),
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


@pytest.fixture(scope="module")
def app(shared: Path) -> bytes:
    """The app above as componentize-py builds it, built once per test run."""
    folder = shared / "probe"
    built = folder / "app.wasm"
    with (shared / "probe.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            folder.mkdir(exist_ok=True)
            folder.joinpath("probe.py").write_text(dedent(PROBE), encoding="utf-8")
            built.write_bytes(build(folder))
    return built.read_bytes()


def build(folder: Path) -> bytes:
    made = folder / "made.wasm"
    with as_file(files("fastly_compute.cli").joinpath("wit")) as wit:
        arguments = ["-d", str(wit), "-w", "fastly:compute/service@0.1.0"]
        arguments += ["componentize", "-p", str(folder), "probe", "-o", str(made)]
        subprocess.run(
            [sys.executable, "-c", "import componentize_py; componentize_py.script()", *arguments],
            check=True,
            capture_output=True,
        )
    return made.read_bytes()


def imported(engine: Engine, component: Component) -> dict[str, dict[str, Any]]:
    """What each instance that a component imports has in it."""
    found = {}
    for name, item in component.type.imports(engine).items():
        assert isinstance(item.ty, ComponentInstanceType)
        found[name] = {key: inner.ty for key, inner in item.ty.exports(engine).items()}
    return found


@pytest.fixture(scope="module")
def functions(app: bytes) -> dict[str, FuncType]:
    """The functions that the app imports of the two packages, as the stub names them."""
    engine = Engine()
    return {
        f"{interface.partition('@')[0]}#{name}": kind
        for interface, items in imported(engine, Component(engine, app)).items()
        for name, kind in items.items()
        if interface.startswith(tuple(ERRORS)) and isinstance(kind, FuncType)
    }


@pytest.fixture(scope="module")
def drops(app: bytes) -> set[str]:
    """The names that the app drops of the two packages, as in the stub."""
    read = read_app(app)
    found = set()
    for function in read.core[CoreSort.FUNC]:
        dropped = read.types[function.type] if isinstance(function, ResourceFunction) else None
        owner = read.instances[dropped.instance] if dropped else None
        if dropped and isinstance(owner, Import) and owner.name.startswith(tuple(ERRORS)):
            found.add(f"{owner.name.partition('@')[0]}#[resource-drop]{dropped.name}")
    return found


# The canonical ABI, as far as these two packages need it


def cases(kind: ValType) -> list[ValType | None] | None:
    """The payloads of what is one of several; None for other types."""
    match kind:
        case VariantType():
            return [payload for _, payload in kind.cases]
        case EnumType():
            return [None for _ in kind.names]
        case OptionType():
            return [None, kind.payload]
        case ResultType():
            return [kind.ok, kind.err]
    return None


def fields(kind: ValType) -> list[ValType] | None:
    """The parts of what has several; None for other types."""
    match kind:
        case RecordType():
            return [field for _, field in kind.fields]
        case TupleType():
            return list(kind.elements)
    return None


def aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def payload_offset(kind: ValType) -> int:
    """Where the payload of one of several begins: none here has more than 256 cases."""
    return max([1, *(layout(one)[1] for one in cases(kind) or [] if one is not None)])


def layout(kind: ValType) -> tuple[int, int]:
    """The size of a value in memory, and its alignment."""
    if (payloads := cases(kind)) is not None:
        layouts = [layout(payload) for payload in payloads if payload is not None]
        start = payload_offset(kind)
        end = start if not layouts else start + max(size for size, _ in layouts)
        end = end if layouts else 1
        return aligned(end, start), start
    if (parts := fields(kind)) is not None:
        end, most = 0, 1
        for part in parts:
            size, alignment = layout(part)
            end, most = aligned(end, alignment) + size, max(most, alignment)
        return aligned(end, most), most
    match kind:
        case Bool() | U8() | S8():
            return 1, 1
        case U16() | S16():
            return 2, 2
        case U32() | S32() | OwnType() | BorrowType():
            return 4, 4
        case U64() | S64():
            return 8, 8
        case String() | ListType():
            return 8, 4
        case FlagsType() if len(kind.names) <= 8:
            return 1, 1
    raise AssertionError(kind)


def flat(kind: ValType) -> list[str]:
    """The core types that a value is passed as."""
    if (payloads := cases(kind)) is not None:
        joined: list[str] = []
        for payload in payloads:
            for place, one in enumerate([] if payload is None else flat(payload)):
                if place == len(joined):
                    joined.append(one)
                elif joined[place] != one:
                    joined[place] = "i64"
        return ["i32", *joined]
    if (parts := fields(kind)) is not None:
        return [one for part in parts for one in flat(part)]
    match kind:
        case U64() | S64():
            return ["i64"]
        case String() | ListType():
            return ["i32", "i32"]
        case _:
            return ["i32"]


def lowered(kind: FuncType) -> tuple[list[str], list[str]]:
    """The core type of an imported function."""
    parameters = [one for _, parameter in kind.params for one in flat(parameter)]
    parameters = parameters if len(parameters) <= 16 else ["i32"]
    results = [] if kind.result is None else flat(kind.result)
    return (parameters, results) if len(results) <= 1 else ([*parameters, "i32"], [])


# The stub

FILL = 0xAA
ANSWER = 4096


class Stub:
    """The stub beside a memory that has something else in it than any answer."""

    def __init__(self) -> None:
        engine = Engine()
        self.store = Store(engine)
        self.memory = Memory(self.store, MemoryType(Limits(1, 1)))
        self.size = self.memory.data_len(self.store)
        self.memory.write(self.store, bytes([FILL]) * self.size, 0)
        instance = CoreInstance(self.store, Module(engine, stub_module()), [self.memory])
        self.exports = instance.exports(self.store)

    def unwritten(self, start: int, end: int) -> bool:
        """Whether a part of the memory is unchanged."""
        return bytes(self.memory.read(self.store, start, end)) == bytes([FILL]) * (end - start)

    def call(self, name: str, kind: FuncType) -> object:
        """Call a function with any arguments; returns what it returns, or the answer it writes."""
        parameters, results = lowered(kind)
        function = self.exports[name]
        assert isinstance(function, CoreFunc)
        result = function(self.store, *(ANSWER for _ in parameters))
        size = 0 if kind.result is None or results else layout(kind.result)[0]
        assert self.unwritten(0, ANSWER)
        assert self.unwritten(ANSWER + size, self.size)
        return bytes(self.memory.read(self.store, ANSWER, ANSWER + size)) if size else result


def test_the_stub_has_what_python_imports_with_the_types_that_it_is_lowered_to(
    functions: dict[str, FuncType], drops: set[str]
) -> None:
    wanted = {name: lowered(kind) for name, kind in functions.items()}
    wanted |= {name: (["i32"], []) for name in drops}
    found = {
        export.name: ([str(one) for one in kind.params], [str(one) for one in kind.results])
        for export in Module(Engine(), stub_module()).exports
        if isinstance(kind := export.type, CoreFuncType)
    }

    assert len(wanted) > 80
    assert {name: found.get(name) for name in wanted} == wanted


def test_every_function_that_can_answer_with_an_error_does(
    functions: dict[str, FuncType],
) -> None:
    wanted = {}
    found = {}
    for name, kind in functions.items():
        if isinstance(kind.result, ResultType):
            assert isinstance(kind.result.err, EnumType)
            answer = Stub().call(name, kind)
            assert isinstance(answer, bytes)
            found[name] = answer[0], answer[payload_offset(kind.result)]
            errors = kind.result.err.names
            wanted[name] = 1, errors.index(ERRORS[name.partition("/")[0]])

    assert len(found) > 60
    assert found == wanted


def test_functions_without_an_error_answer_with_nothing(functions: dict[str, FuncType]) -> None:
    found = {
        name: Stub().call(name, kind)
        for name, kind in functions.items()
        if not isinstance(kind.result, ResultType) and not name.endswith(".subscribe")
    }

    assert found == {
        "wasi:filesystem/preopens#get-directories": bytes(8),
        "wasi:sockets/instance-network#instance-network": 1,
        "wasi:sockets/tcp#[method]tcp-socket.is-listening": 0,
    }


def test_waiting_for_a_socket_that_cannot_exist_traps(functions: dict[str, FuncType]) -> None:
    waiting = {name: kind for name, kind in functions.items() if name.endswith(".subscribe")}

    assert len(waiting) == 5
    for name, kind in waiting.items():
        with pytest.raises(Trap, match="unreachable"):
            Stub().call(name, kind)


def test_dropping_does_nothing(drops: set[str]) -> None:
    stub = Stub()
    for name in drops:
        drop = stub.exports[name]
        assert isinstance(drop, CoreFunc)
        drop(stub.store, ANSWER)

    assert len(drops) > 6
    assert stub.unwritten(0, stub.size)


# A real app


@pytest.fixture(scope="module")
def composed(app: bytes) -> bytes:
    return link(app, stub_module())


def test_a_real_app_becomes_one_module_and_a_tiny_one_that_completes_it(
    app: bytes, composed: bytes
) -> None:
    before, after = read_app(app), read_app(composed)
    imports = [item.name for item in before.items if isinstance(item, Import)]
    first, second = after.modules

    assert [item.name for item in after.items if isinstance(item, Import)] == [
        name for name in imports if not name.startswith(tuple(ERRORS))
    ]
    assert {name.partition("/")[0] for name in imports} > set(ERRORS)
    assert len(before.modules) > 10
    assert [len(module.memories) for module in before.modules].count(1) == 1
    assert (len(first.memories), len(second.memories)) == (1, 0)
    assert len(second.data) < len(first.data) // 100


def test_python_raises_os_error_where_there_is_no_file_and_no_network(
    composed: bytes,
) -> None:
    engine = Engine()
    component = Component(engine, composed)
    linker = Linker(engine)
    linker.add_wasip2()
    resources: list[ResourceType] = []

    def not_called(*_: object) -> None:
        raise AssertionError("the app calls nothing of the host")

    with linker.root() as root:
        for interface, items in imported(engine, component).items():
            if not interface.startswith("fastly:compute/"):
                continue
            with root.add_instance(interface) as host:
                for name, kind in items.items():
                    if isinstance(kind, FuncType):
                        host.add_func(name, not_called)
                    elif isinstance(kind, ResourceType):
                        if kind not in resources:
                            resources.append(kind)
                        number = resources.index(kind)
                        host.add_resource(name, ResourceType.host(number), lambda *_: None)
    written: list[bytes] = []
    wasi = WasiConfig()
    wasi.stderr_custom = written.append
    store = Store(engine)
    store.set_wasi(wasi)
    instance = linker.instantiate(store, component)
    outer = instance.get_export_index(store, ENTRY_POINT)
    index = instance.get_export_index(store, "handle", outer)
    assert index is not None
    handle = instance.get_func(store, index)
    assert handle is not None
    hosts = [ResourceType.host(number) for number in range(len(resources))]
    arguments = [
        ResourceHost.own(1, hosts.index(kind.ty)).to_any(store)
        for _, kind in handle.type(store).params
        if isinstance(kind, OwnType)
    ]

    handle(store, *arguments)

    assert b"".join(written).decode().splitlines() == [
        f"{name} OSError" for name in re.findall(r'"(\w+)": lambda', PROBE)
    ]
