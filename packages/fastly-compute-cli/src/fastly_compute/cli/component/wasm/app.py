"""Reads an app as componentize-py writes it: what is in its index spaces, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.component import (
    Section,
    SectionId,
    sections,
)
from fastly_compute.cli.component.wasm.core_module import CoreModule, Kind, read_core_module
from fastly_compute.cli.component.wasm.entries import (
    Alias,
    CoreAlias,
    CoreInstance,
    CoreItem,
    CoreSort,
    Export,
    Import,
    InlineExports,
    Instance,
    Item,
    Lift,
    Lower,
    ResourceFunction,
    Sort,
)

_SHIM_TABLE = "$imports"


@dataclass(frozen=True, slots=True)
class Shim:
    """How a host function that needs the memory can be called by what has the memory.

    Attributes:
        instance: The core instance whose functions call others through a table.
        filler: The core instance that fills the table.
        functions: What it fills it with, by the names of the functions that call.
    """

    instance: int
    filler: int
    functions: InlineExports


@dataclass(slots=True)
class App:
    """An app. Every list is an index space, but the last.

    Attributes:
        instances: The instances.
        functions: The functions.
        types: The types; None for those that are spelled out.
        core_instances: The core instances.
        core: What core instances are made of, by its kind.
        modules: The core modules.
        items: What there is beside core modules and what is made of them, in its order. Sections of
            types and components stand as they are.
    """

    instances: list[Import | Alias | Instance | Export] = field(default_factory=list)
    functions: list[Alias | Lift] = field(default_factory=list)
    types: list[Alias | None] = field(default_factory=list)
    core_instances: list[CoreInstance | InlineExports] = field(default_factory=list)
    core: dict[CoreSort, list[CoreItem]] = field(
        default_factory=lambda: {sort: [] for sort in CoreSort}
    )
    modules: list[CoreModule] = field(default_factory=list)
    items: list[Section | Item] = field(default_factory=list)

    def shim(self) -> Shim:
        """Find the modules for host functions that need the memory.

        Raises:
            ComposeError: The two are missing.
        """
        for instance, entry in enumerate(self.core_instances):
            if not isinstance(entry, CoreInstance):
                continue
            filler = self.modules[entry.module]
            names = [(taken.kind, taken.name) for taken in filler.imports]
            if not names or names[-1] != (Kind.TABLE, _SHIM_TABLE):
                continue
            count = len(names) - 1
            if names[:-1] == [(Kind.FUNCTION, str(number)) for number in range(count)] and [
                part.functions for part in filler.elements
            ] == [list(range(count))]:
                return self._shim(instance, self.core_instances[entry.arguments[""]])
        raise ComposeError(
            "cannot compose the app: expected a module that fills a table of host functions; it is"
            " composed already, or was not built by componentize-py"
        )

    def _shim(self, filler: int, bundle: CoreInstance | InlineExports) -> Shim:
        if isinstance(bundle, InlineExports) and _SHIM_TABLE in bundle.exports:
            table = self.core[CoreSort.TABLE][bundle.exports[_SHIM_TABLE][1]]
            if isinstance(table, CoreAlias):
                return Shim(table.instance, filler, bundle)
        raise ComposeError("cannot compose the app: the table of host functions is nowhere")


def read_app(data: bytes) -> App:
    """Read an app.

    Raises:
        ComposeError: It is damaged, or has what componentize-py does not write.
    """
    app = App()
    for section in sections("the app", data):
        _read_section(app, section)
    return app


def _read_section(app: App, section: Section) -> None:
    match section.id:
        case SectionId.CUSTOM:
            pass
        case SectionId.CORE_MODULE:
            place = f"core module {len(app.modules)} of the app"
            content = section.data[section.content : section.end]
            app.modules.append(read_core_module(content, place))
        case SectionId.CORE_INSTANCE:
            app.core_instances += section.core_instances()
        case SectionId.TYPE:
            app.items.append(section)
            app.types += [None] * section.count
        case SectionId.COMPONENT:
            app.items.append(section)
        case SectionId.IMPORT:
            _add(app, list(section.imports()))
        case SectionId.INSTANCE:
            _add(app, list(section.instances()))
        case SectionId.EXPORT:
            _add(app, list(section.exports()))
        case SectionId.ALIAS:
            _add(app, list(section.aliases()))
        case SectionId.CANON:
            _add(app, list(section.functions()))
        case _:
            raise ComposeError(
                f"cannot compose the app: found {section.id.label} at byte {section.start}; it was"
                " not built by componentize-py"
            )


def _add(app: App, entries: Sequence[Item | CoreItem]) -> None:
    for entry in entries:
        match entry:
            case CoreAlias():
                app.core[entry.sort].append(entry)
                continue
            case Lower() | ResourceFunction():
                app.core[CoreSort.FUNC].append(entry)
                continue
            case Import() | Instance():
                app.instances.append(entry)
            case Lift():
                app.functions.append(entry)
            case Alias(sort=Sort.TYPE):
                app.types.append(entry)
            case Alias(sort=Sort.FUNC):
                app.functions.append(entry)
            case Alias(sort=Sort.INSTANCE) | Export(sort=Sort.INSTANCE):
                app.instances.append(entry)
            case _:
                raise ComposeError(
                    f"cannot compose the app: found {entry}; it was not built by componentize-py"
                )
        app.items.append(entry)
