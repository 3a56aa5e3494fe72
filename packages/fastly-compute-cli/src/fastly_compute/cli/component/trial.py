"""Has an app answer a request that nobody sent, to see which parts of its memory that writes to.

The app runs in a sandbox that is thrown away, and nothing it does gets out: the host that it finds
here has a request for a page, takes any answer, and ends the trial where an app asks for something
it does not know. What was written until then is what counts. If that is little, a sandbox of the
app only takes a little longer to start.
"""

import hashlib
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar

from wasmtime import (
    Config,
    Engine,
    Func,
    FuncType,
    Global,
    Instance,
    Limits,
    Memory,
    MemoryType,
    Module,
    Store,
    Table,
    Trap,
    ValType,
    WasmtimeError,
)

from fastly_compute.cli.component.trial_host import UnknownError, answer_to
from fastly_compute.cli.component.wasm.binary import Reader
from fastly_compute.cli.component.wasm.core_module import CoreModule, read_core_module, segments
from fastly_compute.cli.component.wasm.linking import LATER
from fastly_compute.cli.component.wasm.strip_state import Hollow, hollow
from fastly_compute.cli.project.cache import cache_folder, forget, write_whole

PAGE = 4096
"""The bytes of a page, for which a host decides whether sandboxes share it."""
_FUEL = 1_000_000_000
_MEMORY = 1 << 28
_KEPT = 2
_VALUES = {0x7F: ValType.i32, 0x7E: ValType.i64, 0x7D: ValType.f32, 0x7C: ValType.f64}

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Core:
    """What an app is made of, beside types.

    Attributes:
        module: The core module with everything in it.
        outside: The host functions that it imports, by the names of the imports: "interface#name".
        later: Those that it calls through the table that it exports as `LATER`, in its order.
        types: The types of these.
        handle: The name under which it exports what answers a request.
        realloc: The name under which it exports what gives memory to the host.
    """

    module: bytes
    outside: Mapping[str, str]
    later: Mapping[str, str]
    types: Mapping[str, bytes]
    handle: str
    realloc: str


def written_pages(core: Core) -> dict[int, int]:
    """Find out which pages a request writes to.

    Args:
        core: The app.

    Returns:
        The byte that each of these pages begins with before the request, by its address.
    """
    module = read_core_module(core.module, "the app")
    hollowed = hollow(module)
    config = Config()
    config.consume_fuel = True
    engine = Engine(config)
    compiled = _compiled(engine, hollowed)
    store = Store(engine)
    store.set_fuel(_FUEL)
    store.set_limits(memory_size=_MEMORY)
    host = _Host(store, Memory(store, MemoryType(Limits(_minimum(module), None))))
    data = module.segments
    for segment in segments(data, 0, len(data), "the app"):
        content = data[segment.start : segment.start + segment.length]
        host.memory.write(store, content, segment.address)
    imports = [
        host.function(core.outside[entry.name or ""], entry.type)
        if isinstance(entry.type, FuncType)
        else host.memory
        for entry in compiled.imports
    ]
    exports = Instance(store, compiled, imports).exports(store)
    for name, value in hollowed.globals.items():
        _of(Global, exports[name]).set_value(store, value)
    for number, (key, name) in enumerate(core.later.items()):
        function = host.function(name, _function_type(core.types[key]))
        _of(Table, exports[LATER]).set(store, number, function)
    host.realloc = _of(Func, exports[core.realloc])
    before = host.content()
    # However it ends, it has written what it has written.
    with suppress(WasmtimeError, Trap, UnknownError):
        _of(Func, exports[core.handle])(store, 0, 0)
    after = host.content()
    return {
        address: before[address]
        for address in range(0, len(before), PAGE)
        if before[address : address + PAGE] != after[address : address + PAGE]
    }


def _of(kind: type[Item], item: object) -> Item:
    if not isinstance(item, kind):
        raise TypeError(f"{item!r} is no {kind.__name__}")
    return item


class _Host:
    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self.memory = memory
        self.realloc: Func

    def content(self) -> bytes:
        """Everything that is in the memory."""
        return bytes(self.memory.read(self._store))

    def function(self, name: str, type_: FuncType) -> Func:
        """Make a host function: one with a result answers 0, the others as `answer_to` says."""
        answer = answer_to(name)

        def call(*arguments: int) -> int | None:
            if type_.results:
                return 0
            if answer is None:
                raise UnknownError(name)
            content = answer(self.give, arguments)
            if content:
                self.memory.write(self._store, content, arguments[-1])
            return None

        return Func(self._store, type_, call)

    def give(self, content: bytes) -> int:
        """Put something into memory that the app gives for it."""
        address: int = self.realloc(self._store, 0, 0, 1, len(content))
        self.memory.write(self._store, content, address)
        return address


def _minimum(module: CoreModule) -> int:
    return Reader(module.memories[0], 1, len(module.memories[0]), "the app").u32("a limit")


def _function_type(type_: bytes) -> FuncType:
    parameters = type_[2 : 2 + type_[1]]
    results = type_[3 + type_[1] :]
    return FuncType(
        [_VALUES[value]() for value in parameters], [_VALUES[value]() for value in results]
    )


def _compiled(engine: Engine, hollowed: Hollow) -> Module:
    """Compile a module, or load what an earlier build compiled."""
    folder = cache_folder() / "trials"
    key = hashlib.sha256(hollowed.module)
    key.update(f"wasmtime {version('wasmtime')} {platform.machine()} fuel".encode())
    kept = folder / f"{key.hexdigest()}.cwasm"
    try:
        found = Module.deserialize_file(engine, str(kept))
        os.utime(kept)
    except (WasmtimeError, FileNotFoundError):
        found = Module(engine, hollowed.module)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(kept, bytes(found.serialize()))
        forget(folder, "*.cwasm", _KEPT)
    return found
