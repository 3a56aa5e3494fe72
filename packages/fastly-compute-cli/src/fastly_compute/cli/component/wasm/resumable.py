"""Makes a component whose interpreter can be resumed, and its memory read.

It gets three functions of CPython's as exports, one each of the C library's and the adapter's that
forget what the host gave them, and one that reads the memory.
"""

from dataclasses import dataclass

from wasmtime import wat2wasm

from fastly_compute.cli.component.wasm.app import App, read_app
from fastly_compute.cli.component.wasm.binary import ComposeError, name, section, u32, vector
from fastly_compute.cli.component.wasm.component import (
    SectionId,
    core_module_section,
    entry_section,
)
from fastly_compute.cli.component.wasm.entries import (
    CoreAlias,
    CoreInstance,
    CoreSort,
    Export,
    InlineExports,
    Lift,
    Options,
    Sort,
)

_U32, _U64, _LIST = 0x79, 0x77, 0x70
_MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class _Function:
    """A function to export, with as many numbers as parameters."""

    name: str
    core_name: str
    parameters: int
    has_result: bool


ATTACH, RUN, DETACH = "attach", "run", "detach"
FORGET = ("forget-adapter", "forget-folders")
SIZE, READ = "size", "read"
_FUNCTIONS = (
    _Function(ATTACH, "PyGILState_Ensure", 0, True),
    _Function(RUN, "PyRun_SimpleStringFlags", 2, True),
    _Function(DETACH, "PyGILState_Release", 1, False),
    _Function(FORGET[0], "reset_adapter_state", 0, False),
    _Function(FORGET[1], "__wasilibc_reset_preopens", 0, False),
)
# A list is returned as the address of its address and length, which go into the page after the
# memory: it was made for that, and is not read.
_READER = """
(module
  (import "" "memory" (memory 0))
  (func (export "size") (result i32)
    (drop (memory.grow (i32.const 1)))
    (i32.sub (memory.size) (i32.const 1)))
  (func (export "read") (param $start i32) (param $length i32) (result i32) (local $place i32)
    (local.set $place (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)))
    (i32.store (local.get $place) (local.get $start))
    (i32.store offset=4 (local.get $place) (local.get $length))
    (local.get $place)))
"""


def resumable(component: bytes) -> bytes:
    """Add the exports.

    Args:
        component: A component as componentize-py builds it.

    Raises:
        ComposeError: It lacks one of the functions, or was not built by componentize-py.
    """
    return _Additions(read_app(component)).after(component)


class _Additions:
    """The sections that follow those of the component."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._core_functions = len(app.core[CoreSort.FUNC])
        self._functions = len(app.functions)
        self._types = len(app.types)
        self._parts: list[bytes] = []

    def after(self, component: bytes) -> bytes:
        """Write the component and the additions."""
        app = self._app
        for function in _FUNCTIONS:
            self._add(function, self._exporter(function.core_name), _numbers(function))
        self._parts.append(core_module_section(bytes(wat2wasm(_READER))))
        instance = len(app.core_instances)
        memory = InlineExports({_MEMORY: (CoreSort.MEMORY, 0)})
        self._parts.append(entry_section(memory))
        self._parts.append(entry_section(CoreInstance(len(app.modules), {"": instance})))
        size = _Function(SIZE, SIZE, 0, True)
        self._add(size, instance + 1, _numbers(size))
        self._list()
        numbers = vector([name(key) + bytes([_U32]) for key in ("start", "length")])
        read = _Function(READ, READ, 2, True)
        self._add(read, instance + 1, b"\x40" + numbers + b"\0" + u32(self._types - 1))
        return component + b"".join(self._parts)

    def _list(self) -> None:
        self._parts.append(section(SectionId.TYPE, vector([bytes([_LIST, _U64])])))
        self._types += 1

    def _exporter(self, core_name: str) -> int:
        """Find the last core instance that exports a function: the first may only pass it on."""
        found = [
            number
            for number, entry in enumerate(self._app.core_instances)
            if isinstance(entry, CoreInstance)
            and core_name in self._app.modules[entry.module].exports
        ]
        if not found:
            raise ComposeError(f"cannot resume the interpreter: it has no function {core_name}")
        return found[-1]

    def _add(self, function: _Function, instance: int, type_: bytes) -> None:
        self._parts.append(entry_section(CoreAlias(CoreSort.FUNC, instance, function.core_name)))
        self._parts.append(section(SectionId.TYPE, vector([type_])))
        memory = 0 if function.name == READ else None
        lift = Lift(self._core_functions, Options(memory, {}, []), self._types)
        self._parts.append(entry_section(lift))
        self._parts.append(entry_section(Export(function.name, Sort.FUNC, self._functions)))
        self._core_functions += 1
        self._types += 1
        self._functions += 2  # an export is one more


def _numbers(function: _Function) -> bytes:
    parameters = [name(f"p{number}") + bytes([_U32]) for number in range(function.parameters)]
    result = bytes([0, _U32]) if function.has_result else b"\1\0"
    return b"\x40" + vector(parameters) + result
