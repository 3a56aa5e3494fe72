"""Makes of what componentize-py builds a component that a Compute host can load, and loads fast.

componentize-py links CPython, its libraries and the app as a dozen core modules, and imports
`wasi:filesystem` and `wasi:sockets`, because CPython's C library does; a Compute host has neither.
The composed component has one core module instead of a dozen. It imports what the app
imports, except two: the stub answers for them from within, and it exports the app's
`fastly:compute/http-incoming`.

A host function that reads or writes memory can be made only when the memory is there. The one
module therefore calls these through a table, which a second, tiny module fills: see
`wasm/start_module.py`.

componentize-py copies bytes for each call of a host function, and 0.25.1 never frees the copy: a
sandbox that streams 25 MB needs 25 MB. For the functions that get many bytes, what calls through
the table frees it after the call.

Dropped items shift the numbers after them. Functions and instances are renumbered; instead of a
type stands a filler, because types refer to each other by number from within, and are not read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from wasmtime import Engine, Module, WasmtimeError, wat2wasm

from fastly_compute.cli.component.compose import ENTRY_POINT, unversioned
from fastly_compute.cli.component.wasm.app import App, read_app
from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.component import (
    PREAMBLE,
    Section,
    SectionId,
    core_module_section,
    entry_section,
    filler_type,
)
from fastly_compute.cli.component.wasm.core_module import CoreModule, read_core_module
from fastly_compute.cli.component.wasm.entries import (
    Alias,
    CoreAlias,
    CoreInstance,
    CoreSort,
    Export,
    Import,
    InlineExports,
    Instance,
    Item,
    Lift,
    Lower,
    Options,
    ResourceFunction,
    Sort,
)
from fastly_compute.cli.component.wasm.linking import (
    DEFERRED,
    MEMORY,
    DeferredImport,
    Exported,
    HostImport,
    Linking,
    Source,
)
from fastly_compute.cli.component.wasm.linking import Instance as Linked
from fastly_compute.cli.component.wasm.start_module import start_module

__all__ = ["ComposeError", "link", "stub_module"]

# The releases of componentize-py that never free copies: a second free would corrupt the memory.
_LEAKING = frozenset({"0.25.1"})
# The functions that get much in a `list<u8>`, and which of their parameters is its address.
_COPIES = {
    "fastly:compute/http-body#write": 1,
    "fastly:compute/http-body#write-front": 1,
    "fastly:compute/log#[method]endpoint.write": 1,
}


def link(app: bytes, stub: bytes) -> bytes:
    """Puts an app's core modules and a stub together.

    Args:
        app: A component as componentize-py builds it.
        stub: A core module that exports functions under names such as
            "wasi:sockets/tcp#[method]tcp-socket.accept", and imports the app's memory.

    Returns:
        A component that imports what the app imports and the stub does not stand in for, and that
        exports the app's `fastly:compute/http-incoming`. Equal inputs give equal bytes.

    Raises:
        ComposeError: One of the two is damaged; the app is not put together as componentize-py does
            it, has no such export, or needs a function that the stub does not have.

    Example:
        ```python
        Path("bin/main.wasm").write_bytes(link(Path("app.wasm").read_bytes(), stub_module()))
        ```
    """
    try:
        read = read_app(app)
        linked = _Linked(read, read_core_module(stub, "the stub"))
        return _Outer(read, linked).written()
    except (IndexError, KeyError, RecursionError) as error:
        raise ComposeError(
            f"cannot compose the app: it refers to what it does not have ({error!r}); it is"
            " damaged, or was not built by componentize-py"
        ) from error


@cache
def stub_module() -> bytes:
    """Builds the stub for `wasi:filesystem` and `wasi:sockets`.

    Returns:
        A core module whose functions answer with errors that Python raises as `OSError`.
    """
    source = files("fastly_compute.cli.component").joinpath("wasi_stub", "module.wat")
    return bytes(wat2wasm(source.read_text(encoding="utf-8")))


def _validated(module: bytes) -> bytes:
    """Check a module that was written here: a wrong one must not reach a host."""
    try:
        Module.validate(Engine(), module)
    except WasmtimeError as error:
        raise ComposeError(f"cannot link the app: the result is not valid: {error}") from error
    return module


class _Linked:
    """The core modules of an app and the stub, as one."""

    def __init__(self, app: App, stub: CoreModule) -> None:
        self._app = app
        self._interfaces = {name.partition("#")[0] for name in stub.exports}
        self._shim = app.shim()
        linked = {
            number: entry
            for number, entry in enumerate(app.core_instances)
            if isinstance(entry, CoreInstance)
            and number not in (self._shim.instance, self._shim.filler)
        }
        self._numbers = {number: place for place, number in enumerate(linked)}
        self.memory = self.defined(CoreSort.MEMORY, 0)
        instances = [self._instance(entry) for entry in linked.values()]
        instances.append(Linked(stub, "the stub", {("env", "memory"): self.memory}))
        self.linking = Linking(instances, self._free(instances))

    @staticmethod
    def _free(instances: Sequence[Linked]) -> Exported | None:
        """Find the function of the C library that frees copies, if they have to be freed."""
        if version("componentize-py") not in _LEAKING:
            return None
        # The first to export it only passes the call on, to the C library, which comes later.
        found = [number for number, one in enumerate(instances) if "free" in one.module.exports]
        return Exported(found[-1], "free") if found else None

    def stubbed(self, instance: int) -> str | None:
        """Tell which interface of the stub is instead of an instance."""
        entry = self._app.instances[instance]
        if not isinstance(entry, Import):
            return None
        interface = unversioned(entry.name)
        return interface if interface in self._interfaces else None

    def defined(self, sort: CoreSort, index: int) -> Exported:
        """Find which module defines a memory or a core function."""
        source = self._source(sort, index)
        if isinstance(source, Exported):
            return source
        raise ComposeError(f"cannot compose the app: core function {index} is the host's own")

    def _host_function(self, index: int) -> tuple[Alias, str]:
        """Find what a core function of the host is made of, and how its name begins."""
        entry = self._app.core[CoreSort.FUNC][index]
        taken: Alias | Lift | None = None
        prefix = ""
        if isinstance(entry, Lower):
            taken = self._app.functions[entry.function]
        elif isinstance(entry, ResourceFunction):
            taken, prefix = self._app.types[entry.type], "[resource-drop]"
        if not isinstance(taken, Alias):
            raise ComposeError(f"cannot compose the app: core function {index} is not the host's")
        if not isinstance(self._app.instances[taken.instance], Import):
            raise ComposeError(f"cannot compose the app: {taken.name} is of no import")
        return taken, prefix

    def check_entry_point(self) -> None:
        """Refuse an app that does not have exactly one function that answers requests."""
        app = self._app
        exported = [item for item in app.items if isinstance(item, Export)]
        found = [item for item in exported if unversioned(item.name) == ENTRY_POINT]
        if len(found) != 1:
            raise ComposeError(
                f"cannot compose the app: expected it to export one instance {ENTRY_POINT}, found"
                f" {', '.join(item.name for item in exported) or 'none'}"
            )
        instance = app.instances[found[0].index]
        arguments = instance.arguments if isinstance(instance, Instance) else []
        functions = [app.functions[index] for _, sort, index in arguments if sort is Sort.FUNC]
        if len(functions) != 1:
            raise ComposeError(
                f"cannot compose the app: expected {ENTRY_POINT} to have one function, found"
                f" {len(functions)}"
            )

    def _instance(self, entry: CoreInstance) -> Linked:
        module = self._app.modules[entry.module]
        arguments = {
            (taken.module, taken.name): self._exported(entry.arguments[taken.module], taken.name)
            for taken in module.imports
        }
        return Linked(module, f"core module {entry.module} of the app", arguments)

    def _exported(self, instance: int, name: str) -> Source:
        entry = self._app.core_instances[instance]
        if instance == self._shim.instance:
            entry = self._shim.functions
        if isinstance(entry, InlineExports):
            return self._source(*entry.exports[name])
        return Exported(self._numbers[instance], name)

    def _source(self, sort: CoreSort, index: int) -> Source:
        entry = self._app.core[sort][index]
        if isinstance(entry, CoreAlias):
            return self._exported(entry.instance, entry.name)
        taken, prefix = self._host_function(index)
        interface = self.stubbed(taken.instance)
        if interface is not None:
            return Exported(len(self._numbers), f"{interface}#{prefix}{taken.name}")
        if not isinstance(entry, Lower) or entry.options.memory is None:
            return HostImport(str(index))
        imported = self._app.instances[taken.instance]
        owner = unversioned(imported.name) if isinstance(imported, Import) else ""
        return DeferredImport(str(index), copy=_COPIES.get(f"{owner}#{taken.name}"))


class _Outer:
    """The composed component while it is written."""

    def __init__(self, app: App, linked: _Linked) -> None:
        self._app = app
        self._linked = linked
        self._parts = [PREAMBLE]
        # The app's items by their number in the composed component; None for dropped ones.
        self._instances: list[int | None] = []
        self._functions: list[int | None] = []
        self._types = 0
        self._stubbed_types = {
            entry.type
            for number, entry in enumerate(app.instances)
            if isinstance(entry, Import) and linked.stubbed(number) is not None
        }
        self._core_functions: dict[int, int] = {}
        self._core_count = 0

    def written(self) -> bytes:
        """Write everything."""
        app = self._app
        self._linked.check_entry_point()
        before = next((n for n, item in enumerate(app.items) if isinstance(item, Lift)), 0)
        for item in app.items[:before]:
            self._write(item)
        self._write_core()
        for item in app.items[before:]:
            self._write(item)
        return b"".join(self._parts)

    def _write(self, item: Section | Item) -> None:
        match item:
            case Section():
                self._write_section(item)
            case Import():
                stubbed = self._linked.stubbed(len(self._instances)) is not None
                self._add(self._instances, None if stubbed else item)
            case Alias():
                self._write_alias(item)
            case Lift():
                core_function = self._core_functions[item.core_function]
                options = self._options(item.options)
                self._add(self._functions, Lift(core_function, options, item.type))
            case Instance():
                self._add(self._instances, replace(item, arguments=self._arguments(item)))
            case Export():
                wanted = unversioned(item.name) == ENTRY_POINT
                index = self._kept(self._instances, item.index)
                self._add(self._instances, replace(item, index=index) if wanted else None)

    def _write_section(self, section: Section) -> None:
        """Write types or a component."""
        if section.id is not SectionId.TYPE:
            self._parts.append(section.raw)
            return
        # The type of a stubbed import may refer to fillers, where these do not fit.
        left_out = self._stubbed_types.intersection(range(self._types, self._types + section.count))
        if left_out and section.count > 1:
            raise ComposeError("cannot compose the app: types of imports are not by themselves")
        self._types += section.count
        self._parts.append(filler_type() if left_out else section.raw)

    def _write_alias(self, alias: Alias) -> None:
        instance = self._instances[alias.instance]
        kept = None if instance is None else replace(alias, instance=instance)
        match alias.sort:
            case Sort.TYPE:
                self._types += 1
                self._parts.append(filler_type() if kept is None else entry_section(kept))
            case Sort.FUNC:
                self._add(self._functions, kept)
            case _:
                self._add(self._instances, kept)

    def _add(self, space: list[int | None], entry: Item | None) -> None:
        if entry is None:
            space.append(None)
            return
        space.append(sum(number is not None for number in space))
        self._parts.append(entry_section(entry))

    def _kept(self, space: list[int | None], index: int) -> int:
        number = space[index]
        if number is None:
            raise ComposeError("cannot compose the app: it passes on what the stub stands in for")
        return number

    def _arguments(self, instance: Instance) -> list[tuple[str, Sort, int]]:
        spaces = {Sort.FUNC: self._functions, Sort.INSTANCE: self._instances}
        return [
            (name, sort, self._kept(spaces[sort], index) if sort in spaces else index)
            for name, sort, index in instance.arguments
        ]

    def _options(self, options: Options) -> Options:
        functions = {kind: self._core_functions[index] for kind, index in options.functions.items()}
        return replace(options, functions=functions)

    def _write_core(self) -> None:
        linking = self._linked.linking
        wanted = self._wanted_functions()
        exports = {
            MEMORY: self._linked.memory,
            **{str(index): self._linked.defined(CoreSort.FUNC, index) for index in wanted},
        }
        self._parts.append(core_module_section(_validated(linking.link(exports))))
        self._parts.append(core_module_section(_validated(start_module(linking.deferred_imports))))
        for key in linking.host_imports:
            self._write_core_function(int(key))
        self._write_instance(0, self._named(linking.host_imports))
        for sort, exported in ((CoreSort.MEMORY, MEMORY), (CoreSort.TABLE, DEFERRED)):
            self._parts.append(entry_section(CoreAlias(sort, 1, exported)))
        for index in wanted:
            self._write_core_alias(index, CoreAlias(CoreSort.FUNC, 1, str(index)))
        for key in linking.deferred_imports:
            self._write_core_function(int(key))
        given = self._named(linking.deferred_imports)
        given[DEFERRED] = CoreSort.TABLE, 0
        self._write_instance(1, given)

    def _named(self, keys: Iterable[str]) -> dict[str, tuple[CoreSort, int]]:
        return {key: (CoreSort.FUNC, self._core_functions[int(key)]) for key in keys}

    def _wanted_functions(self) -> list[int]:
        """The core functions of the app that the component calls."""
        wanted: dict[int, None] = {}
        for entry in self._app.core[CoreSort.FUNC]:
            if isinstance(entry, Lower):
                wanted.update(dict.fromkeys(entry.options.functions.values()))
        for function in self._app.functions:
            if isinstance(function, Lift):
                wanted.update(dict.fromkeys(function.options.functions.values()))
                wanted[function.core_function] = None
        return list(wanted)

    def _write_core_function(self, index: int) -> None:
        entry = self._app.core[CoreSort.FUNC][index]
        if isinstance(entry, Lower):
            function = self._kept(self._functions, entry.function)
            entry = Lower(function, self._options(entry.options))
        self._parts.append(entry_section(entry))
        self._count(index)

    def _write_core_alias(self, index: int, alias: CoreAlias) -> None:
        self._parts.append(entry_section(alias))
        self._count(index)

    def _count(self, index: int) -> None:
        self._core_functions[index] = self._core_count
        self._core_count += 1

    def _write_instance(self, module: int, given: dict[str, tuple[CoreSort, int]]) -> None:
        self._parts.append(entry_section(InlineExports(given)))
        self._parts.append(entry_section(CoreInstance(module, {"": 2 * module})))
