"""Reads and writes the outermost layer of a component (the Component Model's `Binary.md`).

Only what componentize-py writes is known: everything else is refused by name. Types and components
within are passed on as bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from fastly_compute.cli.component.wasm.binary import (
    ComposeError,
    Reader,
    name,
    section,
    u32,
    vector,
)
from fastly_compute.cli.component.wasm.entries import (
    Alias,
    Builtin,
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
    Options,
    ResourceFunction,
    Sort,
)

PREAMBLE = b"\0asm\x0d\0\x01\0"
_CORE_MODULE_PREAMBLE = b"\0asm\x01\0\0\0"
_MEMORY, _REALLOC, _POST_RETURN, _CALLBACK = 3, 4, 5, 7

Entry = TypeVar("Entry")


class SectionId(IntEnum):
    """The sections of a component."""

    CUSTOM = 0
    CORE_MODULE = 1
    CORE_INSTANCE = 2
    CORE_TYPE = 3
    COMPONENT = 4
    INSTANCE = 5
    ALIAS = 6
    TYPE = 7
    CANON = 8
    START = 9
    IMPORT = 10
    EXPORT = 11
    VALUE = 12

    @property
    def label(self) -> str:
        """How messages name the section, such as "section 1 (core module)"."""
        return f"section {self.value} ({self.name.lower().replace('_', ' ')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: where it stands, and what it holds."""

    source: str
    data: bytes
    id: SectionId
    start: int
    content: int
    end: int

    @property
    def raw(self) -> bytes:
        """The section as it stands, header included."""
        return self.data[self.start : self.end]

    @property
    def count(self) -> int:
        """The number of its entries."""
        reader = self._reader()
        count = reader.u32("the number of entries")
        if count > self.end - reader.position:
            raise reader.error("no more entries than bytes", f"{count}", self.content)
        return count

    def imports(self) -> Iterator[Import]:
        """Read an import section of instances."""
        return self._entries(_import)

    def aliases(self) -> Iterator[Alias | CoreAlias]:
        """Read an alias section of what instances export."""
        return self._entries(_alias)

    def core_instances(self) -> Iterator[CoreInstance | InlineExports]:
        """Read a core instance section."""
        return self._entries(_core_instance)

    def functions(self) -> Iterator[Lift | Lower | ResourceFunction]:
        """Read a canon section."""
        return self._entries(_canon)

    def instances(self) -> Iterator[Instance]:
        """Read an instance section of components with their arguments."""
        return self._entries(_instance)

    def exports(self) -> Iterator[Export]:
        """Read an export section of items without a type."""
        return self._entries(_export)

    def _reader(self) -> Reader:
        place = f"{self.source}, {self.id.label} at byte {self.start}"
        return Reader(self.data, self.content, self.end, place)

    def _entries(self, read: Callable[[Reader], Entry]) -> Iterator[Entry]:
        reader = self._reader()
        for _ in range(reader.u32("the number of entries")):
            if reader.at_end:
                raise reader.error("an entry", "the end of the section", reader.position)
            yield read(reader)
        if not reader.at_end:
            raise reader.error("the end of the section", "more bytes", reader.position)


def sections(source: str, data: bytes) -> Iterator[Section]:
    """Cut a component into its sections, in their order.

    Args:
        source: What is read, for messages, such as "the app".
        data: The component's bytes.

    Raises:
        ComposeError: The data is not a component, or ends within a section.
    """
    if not data:
        raise ComposeError(f"cannot read {source}: expected a component, found no bytes at all")
    if data.startswith(_CORE_MODULE_PREAMBLE):
        raise ComposeError(f"cannot read {source}: expected a component, found a core module")
    if not data.startswith(PREAMBLE):
        raise ComposeError(
            f"cannot read {source}: expected the bytes {PREAMBLE.hex(' ')} at byte 0,"
            f" found {data[: len(PREAMBLE)].hex(' ')}"
        )
    reader = Reader(data, len(PREAMBLE), len(data), source)
    while not reader.at_end:
        start = reader.position
        section_id = SectionId(reader.one_of(tuple(SectionId), "a section of a component"))
        size = reader.u32(f"the size of {section_id.label}")
        content = reader.position
        reader.skip(size, f"the content of {section_id.label}")
        yield Section(
            source=source,
            data=data,
            id=section_id,
            start=start,
            content=content,
            end=reader.position,
        )


def _import(reader: Reader) -> Import:
    imported = reader.extern_name("the name of an import")
    reader.one_of((Sort.INSTANCE,), f"0x05 (an instance) as the kind of import {imported!r}")
    return Import(imported, reader.u32("the type of an import"))


def _alias(reader: Reader) -> Alias | CoreAlias:
    sort = Sort(reader.one_of(tuple(Sort), "the kind of an alias"))
    if sort is Sort.CORE:
        core_sort = CoreSort(reader.one_of(tuple(CoreSort), "the kind of a core alias"))
        reader.one_of((1,), "0x01 (a core instance's export) as the target of an alias")
        instance = reader.u32("the core instance of an alias")
        return CoreAlias(core_sort, instance, reader.name("the name of an alias"))
    reader.one_of((0,), "0x00 (an instance's export) as the target of an alias")
    instance = reader.u32("the instance of an alias")
    return Alias(sort, instance, reader.name("the name of an alias"))


def _core_instance(reader: Reader) -> CoreInstance | InlineExports:
    if reader.one_of((0, 1), "a core module or exports as a core instance"):
        exports: dict[str, tuple[CoreSort, int]] = {}
        for _ in range(reader.u32("the number of exports")):
            exported = reader.name("the name of a core export")
            sort = CoreSort(reader.one_of(tuple(CoreSort), "the kind of a core export"))
            exports[exported] = sort, reader.u32("the index of a core export")
        return InlineExports(exports)
    module = reader.u32("the module of a core instance")
    arguments: dict[str, int] = {}
    for _ in range(reader.u32("the number of arguments")):
        argument = reader.name("the name of an argument")
        reader.one_of((0x12,), "0x12 (a core instance) as an argument")
        arguments[argument] = reader.u32("the index of an argument")
    return CoreInstance(module, arguments)


def _canon(reader: Reader) -> Lift | Lower | ResourceFunction:
    builtin = Builtin(reader.one_of(tuple(Builtin), "a built-in that is known"))
    match builtin:
        case Builtin.LIFT:
            reader.one_of((0,), "0x00 after 0x00 (lift)")
            core_function = reader.u32("the core function of a lift")
            options = _options(reader)
            return Lift(core_function, options, reader.u32("the type of a lift"))
        case Builtin.LOWER:
            reader.one_of((0,), "0x00 after 0x01 (lower)")
            function = reader.u32("the function of a lower")
            return Lower(function, _options(reader))
    return ResourceFunction(builtin, reader.u32("the type of a resource"))


def _options(reader: Reader) -> Options:
    memory = None
    functions: dict[int, int] = {}
    others: list[int] = []
    for _ in range(reader.u32("the number of options")):
        option = reader.byte("an option")
        if option == _MEMORY:
            memory = reader.u32("a memory")
        elif option in (_REALLOC, _POST_RETURN, _CALLBACK):
            functions[option] = reader.u32("a core function")
        else:
            others.append(option)
    return Options(memory, functions, others)


def _instance(reader: Reader) -> Instance:
    reader.one_of((0,), "0x00 (a component with arguments) as an instance")
    component = reader.u32("the component of an instance")
    arguments = []
    for _ in range(reader.u32("the number of arguments")):
        argument = reader.name("the name of an argument")
        sort = Sort(reader.one_of(tuple(Sort)[1:], "the kind of an argument"))
        arguments.append((argument, sort, reader.u32("the index of an argument")))
    return Instance(component, arguments)


def _export(reader: Reader) -> Export:
    exported = reader.extern_name("the name of an export")
    sort = Sort(reader.one_of(tuple(Sort)[1:], "the kind of an export"))
    index = reader.u32("the index of an export")
    reader.one_of((0,), f"0x00 (no type) for the export {exported!r}")
    return Export(exported, sort, index)


def core_module_section(module: bytes) -> bytes:
    """Write a section that holds a core module."""
    return section(SectionId.CORE_MODULE, module)


def filler_type() -> bytes:
    """Write a section of a type that nothing can refer to: a host refuses what does."""
    empty_instance = b"\x42\0"
    return section(SectionId.TYPE, vector([empty_instance]))


def entry_section(entry: Item | CoreItem | CoreInstance | InlineExports) -> bytes:
    """Write a section with one entry."""
    match entry:
        case Import(imported, index):
            found = SectionId.IMPORT, b"\0" + name(imported) + bytes([Sort.INSTANCE]) + u32(index)
        case Alias(sort, instance, exported):
            found = SectionId.ALIAS, bytes([sort, 0]) + u32(instance) + name(exported)
        case CoreAlias(core_sort, instance, exported):
            head = bytes([Sort.CORE, core_sort, 1])
            found = SectionId.ALIAS, head + u32(instance) + name(exported)
        case CoreInstance(module, core_arguments):
            given = [name(key) + b"\x12" + u32(index) for key, index in core_arguments.items()]
            found = SectionId.CORE_INSTANCE, b"\0" + u32(module) + vector(given)
        case InlineExports(exports):
            given = [name(key) + bytes([kind]) + u32(i) for key, (kind, i) in exports.items()]
            found = SectionId.CORE_INSTANCE, b"\1" + vector(given)
        case Lift(core_function, options, type_):
            content = b"\0\0" + u32(core_function) + _written(options) + u32(type_)
            found = SectionId.CANON, content
        case Lower(function, options):
            found = SectionId.CANON, b"\1\0" + u32(function) + _written(options)
        case ResourceFunction(builtin, type_):
            found = SectionId.CANON, bytes([builtin]) + u32(type_)
        case Instance(component, arguments):
            given = [name(key) + bytes([kind]) + u32(index) for key, kind, index in arguments]
            found = SectionId.INSTANCE, b"\0" + u32(component) + vector(given)
        case Export(exported, sort, index):
            content = b"\0" + name(exported) + bytes([sort]) + u32(index) + b"\0"
            found = SectionId.EXPORT, content
    return section(found[0], vector([found[1]]))


def _written(options: Options) -> bytes:
    memory = [] if options.memory is None else [bytes([_MEMORY]) + u32(options.memory)]
    functions = [bytes([kind]) + u32(index) for kind, index in options.functions.items()]
    return vector([*(bytes([other]) for other in options.others), *memory, *functions])
