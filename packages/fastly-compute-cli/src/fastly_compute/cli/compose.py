"""Puts an app and the WASI stub into one component that a Compute host can load.

What componentize-py builds imports `wasi:filesystem` and `wasi:sockets`, because CPython's C
library does, and a Compute host has neither. The composed component imports everything else that
the app imports, instantiates the stub and the untouched app inside, and exports the app's
`fastly:compute/http-incoming`.

Such an app starts with its imports: one import section per instance, with the types it needs before
it, either spelled out in type sections or taken from earlier imports in alias sections. The outer
component repeats these, with the stub's instances in the place of the imports that the stub
satisfies. An import makes one instance either way and an alias one type, so type sections are
copied as they stand and only the numbers of instances change.
"""

from functools import cache
from importlib.resources import files

from wasmtime import wat2wasm

from fastly_compute.cli.component_binary import (
    PREAMBLE,
    ComposeError,
    Export,
    Import,
    Section,
    SectionId,
    Sort,
    TypeAlias,
    component_section,
    export_section,
    import_section,
    instance_alias_section,
    instance_section,
    sections,
    type_alias_section,
)

__all__ = ["ComposeError", "compose", "stub_component"]

_ENTRY_POINT = "fastly:compute/http-incoming"


def compose(app: bytes, stub: bytes) -> bytes:
    """Satisfies an app's imports with a stub's exports.

    Names are matched up to their `@version`. What the stub itself imports is taken from the app's
    imports.

    Args:
        app: A component as componentize-py builds it.
        stub: A component that exports instances, such as `stub_component()`.

    Returns:
        A component that imports what the app imports and the stub does not export, and that
        exports the app's `fastly:compute/http-incoming`. Equal inputs give equal bytes.

    Raises:
        ComposeError: One of the two is damaged or no component; the app is not put together as
            componentize-py does it, or has no such export; the stub imports what the app does not.

    Example:
        ```python
        Path("bin/main.wasm").write_bytes(compose(Path("app.wasm").read_bytes(), stub_component()))
        ```
    """
    prefix, entry_point = _read_app(app)
    outer = _Outer(stub)
    for section in prefix:
        match section.id:
            case SectionId.IMPORT:
                for entry in section.imports():
                    outer.add_import(entry)
            case SectionId.ALIAS:
                outer.add_type_aliases(section)
            case _:
                outer.add_types(section)
    return outer.finish(app, entry_point)


@cache
def stub_component() -> bytes:
    """Builds the stub for `wasi:filesystem` and `wasi:sockets`.

    Returns:
        A component whose functions answer with errors that Python raises as `OSError`.
    """
    text = files("fastly_compute.cli").joinpath("wasi_stub.wat").read_text(encoding="utf-8")
    return bytes(wat2wasm(text))


class _Outer:
    """The outer component while it is written."""

    def __init__(self, stub: bytes) -> None:
        self._parts = [PREAMBLE]
        self._stub = stub
        self._stub_imports, exports = _read_stub(stub)
        self._stub_exports = {_unversioned(name): name for name in exports}
        self._stub_instance: int | None = None
        self._instances = 0
        self._app_imports: list[tuple[str, int]] = []
        self._passed_on: dict[str, int] = {}

    def add_types(self, section: Section) -> None:
        self._parts.append(section.raw)

    def add_import(self, entry: Import) -> None:
        unversioned = _unversioned(entry.name)
        export = self._stub_exports.get(unversioned)
        if export is None:
            instance = self._add_instance(import_section(entry))
            self._passed_on[unversioned] = instance
        else:
            stub_instance = self._instantiate_stub(entry.name)
            instance = self._add_instance(instance_alias_section(stub_instance, export))
        self._app_imports.append((entry.name, instance))

    def add_type_aliases(self, section: Section) -> None:
        aliases = []
        for alias in section.type_aliases():
            known = len(self._app_imports)
            if alias.instance >= known:
                raise ComposeError(
                    f"cannot read the app, {section.id.label} at byte {section.start}: expected"
                    f" the alias {alias.name!r} to refer to one of the {known} instances"
                    f" before it, found instance {alias.instance}"
                )
            _, instance = self._app_imports[alias.instance]
            aliases.append(TypeAlias(instance=instance, name=alias.name))
        self._parts.append(type_alias_section(aliases))

    def finish(self, app: bytes, entry_point: str) -> bytes:
        app_component = 0 if self._stub_instance is None else 1
        self._parts.append(component_section(app))
        app_instance = self._add_instance(instance_section(app_component, self._app_imports))
        exported = self._add_instance(instance_alias_section(app_instance, entry_point))
        self._parts.append(
            export_section(Export(name=entry_point, sort=Sort.INSTANCE, index=exported))
        )
        return b"".join(self._parts)

    def _instantiate_stub(self, wanted: str) -> int:
        if self._stub_instance is None:
            for name in self._stub_imports:
                if _unversioned(name) not in self._passed_on:
                    raise ComposeError(
                        f"cannot satisfy the app's import {wanted}: expected the app to import"
                        f" {name} before it, because the stub needs that"
                    )
            arguments = [(name, self._passed_on[_unversioned(name)]) for name in self._stub_imports]
            self._parts.append(component_section(self._stub))
            self._stub_instance = self._add_instance(instance_section(0, arguments))
        return self._stub_instance

    def _add_instance(self, part: bytes) -> int:
        self._parts.append(part)
        self._instances += 1
        return self._instances - 1


def _read_app(app: bytes) -> tuple[list[Section], str]:
    """Returns the sections before the first core module, and the full name of the entry point."""
    found = [section for section in sections("the app", app) if section.id is not SectionId.CUSTOM]
    modules = (i for i, section in enumerate(found) if section.id is SectionId.CORE_MODULE)
    split = next(modules, len(found))
    prefix, rest = found[:split], found[split:]
    for section in prefix:
        if section.id not in (SectionId.TYPE, SectionId.IMPORT, SectionId.ALIAS):
            raise ComposeError(
                f"cannot compose the app: expected only types, imports and aliases before the first"
                f" core module, found {section.id.label} at byte {section.start}; it is composed"
                f" already, or was not built by componentize-py"
            )
    for section in rest:
        if section.id is SectionId.IMPORT:
            raise ComposeError(
                f"cannot compose the app: expected every import before the first core module, found"
                f" {section.id.label} at byte {section.start}; it was not built by componentize-py"
            )
    instances = _exported_instances(rest)
    entry_points = [name for name in instances if _unversioned(name) == _ENTRY_POINT]
    if len(entry_points) != 1:
        raise ComposeError(
            f"cannot compose the app: expected it to export one instance {_ENTRY_POINT},"
            f" found {', '.join(instances) or 'no exported instance'}"
        )
    return prefix, entry_points[0]


def _read_stub(stub: bytes) -> tuple[list[str], list[str]]:
    """Returns the names of the instances that the stub imports and exports."""
    found = list(sections("the stub", stub))
    imports = [
        entry.name
        for section in found
        if section.id is SectionId.IMPORT
        for entry in section.imports()
    ]
    return imports, _exported_instances(found)


def _exported_instances(found: list[Section]) -> list[str]:
    return [
        entry.name
        for section in found
        if section.id is SectionId.EXPORT
        for entry in section.exports()
        if entry.sort is Sort.INSTANCE
    ]


def _unversioned(name: str) -> str:
    return name.partition("@")[0]
