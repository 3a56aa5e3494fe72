"""Makes a component that a Compute host accepts, without changing the code of the app.

componentize-py's component imports `wasi:filesystem` and `wasi:sockets`, because CPython's C
library does, and a Compute host has neither. The composed component instantiates a stub for them
and the unchanged app inside, imports everything else that the app imports, and exports the app's
`fastly:compute/http-incoming`.

The app starts with its imports: one import section per instance, with the types it needs before it,
either defined in type sections or taken from earlier imports by aliases. The outer component
repeats these, with the stub's instances instead of the imports that the stub satisfies. Both make
one instance, and type indices never change, so only instance indices are mapped.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files

from fastly_compute.cli.component.wasm.binary import ComposeError, section
from fastly_compute.cli.component.wasm.component import (
    PREAMBLE,
    Section,
    SectionId,
    entry_section,
    sections,
)
from fastly_compute.cli.component.wasm.entries import (
    Alias,
    Export,
    Import,
    Instance,
    Item,
    Sort,
)

ENTRY_POINT = "fastly:compute/http-incoming"
"""The interface that a Compute host calls."""


def compose(app: bytes, stub: bytes) -> bytes:
    """Satisfy an app's imports with a stub's exports.

    Names are matched up to their `@version`. What the stub itself imports is taken from the app's
    imports.

    Args:
        app: A component as componentize-py builds it.
        stub: A component that exports instances, such as `stub_component()`.

    Returns:
        A component that imports what the app imports and the stub does not export, and that
        exports only the app's `fastly:compute/http-incoming`: the app itself if it does that
        already. Equal inputs give equal bytes.

    Raises:
        ComposeError: One of the two is damaged or not a component; the app has an import after its
            first core module, or does not have exactly one such export; the stub imports what the
            app does not.

    Example:
        ```python
        Path("bin/main.wasm").write_bytes(compose(Path("app.wasm").read_bytes(), stub_component()))
        ```
    """
    prefix, exports = _read_app(app)
    outer = _Outer(stub)
    for part in prefix:
        outer.add(part)
    entry_point = _entry_point(exports)
    if not outer.uses_stub and exports == [entry_point]:
        return app
    return outer.finish(app, entry_point)


@cache
def stub_component() -> bytes:
    """Build the stub for `wasi:filesystem` and `wasi:sockets`.

    Returns:
        A component whose functions return errors that Python raises as `OSError`.
    """
    # Not at the top: it takes time to load, and a cached build does not need it.
    from wasmtime import wat2wasm

    source = files("fastly_compute.cli.component").joinpath("wasi_stub", "component.wat")
    return bytes(wat2wasm(source.read_text(encoding="utf-8")))


def unversioned(name: str) -> str:
    """Return the name of an interface without its version."""
    return name.partition("@")[0]


class _Outer:
    """The outer component while it is written."""

    def __init__(self, stub: bytes) -> None:
        self._parts = [PREAMBLE]
        self._stub = stub
        found = list(sections("the stub", stub))
        self._stub_imports = _imports(found)
        self._stub_exports = {unversioned(name): name for name in _exports(found)}
        self._stub_instance: int | None = None
        self._instances = 0
        self._app_imports: list[tuple[str, Sort, int]] = []
        self._passed_on: dict[str, int] = {}

    @property
    def uses_stub(self) -> bool:
        """Whether the app imports anything that the stub exports."""
        return self._stub_instance is not None

    def add(self, part: Section) -> None:
        """Repeat a section of the app."""
        match part.id:
            case SectionId.IMPORT:
                for imported in part.imports():
                    self._add_import(imported)
            case SectionId.ALIAS:
                for alias in part.aliases():
                    self._add_alias(alias, part)
            case _:
                self._parts.append(part.raw)

    def finish(self, app: bytes, entry_point: str) -> bytes:
        """Instantiate the app and export its entry point."""
        component = 1 if self.uses_stub else 0
        self._parts.append(section(SectionId.COMPONENT, app))
        app_instance = self._add_instance(Instance(component, self._app_imports))
        exported = self._add_instance(Alias(Sort.INSTANCE, app_instance, entry_point))
        self._parts.append(entry_section(Export(entry_point, Sort.INSTANCE, exported)))
        return b"".join(self._parts)

    def _add_import(self, imported: Import) -> None:
        name = unversioned(imported.name)
        export = self._stub_exports.get(name)
        if export is None:
            instance = self._passed_on[name] = self._add_instance(imported)
        else:
            stub = self._instantiate_stub(imported.name)
            instance = self._add_instance(Alias(Sort.INSTANCE, stub, export))
        self._app_imports.append((imported.name, Sort.INSTANCE, instance))

    def _add_alias(self, alias: object, part: Section) -> None:
        if not isinstance(alias, Alias) or alias.sort not in (Sort.TYPE, Sort.FUNC):
            raise ComposeError(
                f"cannot compose the app, {part.id.label} at byte {part.start}: expected an alias"
                f" of a type or a function, found {alias}"
            )
        known = len(self._app_imports)
        if alias.instance >= known:
            raise ComposeError(
                f"cannot read the app, {part.id.label} at byte {part.start}: expected the alias"
                f" {alias.name!r} to refer to one of the {known} instances before it, found"
                f" instance {alias.instance}"
            )
        if alias.sort is Sort.TYPE:  # only types are referred to by the types of imports
            _, _, instance = self._app_imports[alias.instance]
            self._parts.append(entry_section(replace(alias, instance=instance)))

    def _instantiate_stub(self, wanted: str) -> int:
        if self._stub_instance is None:
            for name in self._stub_imports:
                if unversioned(name) not in self._passed_on:
                    raise ComposeError(
                        f"cannot satisfy the app's import {wanted}: expected the app to import"
                        f" {name} before it, because the stub needs that"
                    )
            arguments = [
                (name, Sort.INSTANCE, self._passed_on[unversioned(name)])
                for name in self._stub_imports
            ]
            self._parts.append(section(SectionId.COMPONENT, self._stub))
            self._stub_instance = self._add_instance(Instance(0, arguments))
        return self._stub_instance

    def _add_instance(self, item: Item) -> int:
        self._parts.append(entry_section(item))
        self._instances += 1
        return self._instances - 1


def _read_app(app: bytes) -> tuple[list[Section], list[str]]:
    """Return the sections before the first core module, and what the app exports."""
    found = [part for part in sections("the app", app) if part.id is not SectionId.CUSTOM]
    modules = (i for i, part in enumerate(found) if part.id is SectionId.CORE_MODULE)
    split = next(modules, len(found))
    prefix, rest = found[:split], found[split:]
    for part in prefix:
        if part.id not in (SectionId.TYPE, SectionId.IMPORT, SectionId.ALIAS):
            raise ComposeError(
                f"cannot compose the app: expected only types, imports and aliases before the first"
                f" core module, found {part.id.label} at byte {part.start}; it is composed already,"
                " or was not built by componentize-py"
            )
    for part in rest:
        if part.id is SectionId.IMPORT:
            raise ComposeError(
                f"cannot compose the app: expected every import before the first core module, found"
                f" {part.id.label} at byte {part.start}; it was not built by componentize-py"
            )
    return prefix, _exports(rest)


def _entry_point(exports: list[str]) -> str:
    """Find the full name of the entry point."""
    found = [name for name in exports if unversioned(name) == ENTRY_POINT]
    if len(found) != 1:
        raise ComposeError(
            f"cannot compose the app: expected it to export one instance {ENTRY_POINT}, found"
            f" {', '.join(exports) or 'no exported instance'}"
        )
    return found[0]


def _imports(found: Iterable[Section]) -> list[str]:
    return [entry.name for part in found if part.id is SectionId.IMPORT for entry in part.imports()]


def _exports(found: Iterable[Section]) -> list[str]:
    return [
        entry.name
        for part in found
        if part.id is SectionId.EXPORT
        for entry in part.exports()
        if entry.sort is Sort.INSTANCE
    ]
