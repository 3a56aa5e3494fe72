"""Link several core modules that are instantiated together into one.

Each instance costs start-up time of a sandbox, and so does each function in a table that several
instances share: a host writes these one by one, while the table of a single module is part of the
image.
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastly_compute.cli.wasm import core_writing
from fastly_compute.cli.wasm.binary import ComposeError, name, u32, vector
from fastly_compute.cli.wasm.core_module import (
    END,
    GLOBAL_GET,
    I32_ADD,
    I32_CONST,
    REF_FUNC,
    Constant,
    CoreModule,
    Kind,
    SectionId,
)
from fastly_compute.cli.wasm.density import dense
from fastly_compute.cli.wasm.renumbering import Renumbering

# The names of its imports and exports in the linked module.
LATER = "later"
MEMORY = "memory"
_CALL_INDIRECT = 0x11


@dataclass(frozen=True, slots=True)
class Exported:
    """An export of an instance."""

    instance: int
    name: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A host function, which remains an import."""

    name: str


@dataclass(frozen=True, slots=True)
class Later:
    """A function that exists only after the instance does: it is called through a table."""

    name: str


Source = Exported | Outside | Later


@dataclass(frozen=True, slots=True)
class Instance:
    """A module and the sources of its imports.

    Attributes:
        module: The module.
        place: Its name in messages.
        arguments: The sources of its imports, by the two parts of their names.
    """

    module: CoreModule
    place: str
    arguments: Mapping[tuple[str, str], Source]


@dataclass(frozen=True, slots=True)
class _Function:
    """A function that an instance defines, by its index without the imported ones."""

    instance: int
    number: int


class Linking:
    """Several instances, linked into one module.

    Args:
        instances: The instances.

    Raises:
        ComposeError: They do not fit together, or cannot be merged into one module.
    """

    def __init__(self, instances: Sequence[Instance]) -> None:
        self._instances = instances
        self._types: dict[bytes, int] = {}
        self._imported: dict[Outside | Later, int] = {}
        self._only("a memory", [entry for i in instances for entry in i.module.memories])
        self._only("a table", [entry for i in instances for entry in i.module.tables])
        self._only("data", [i.module.segments for i in instances if i.module.segments])
        resolved = [self._resolved_imports(number) for number in range(len(instances))]
        self._outside = [entry for entry in self._imported if isinstance(entry, Outside)]
        self._later = [entry for entry in self._imported if isinstance(entry, Later)]
        self._numbers = {e: number for number, e in enumerate([*self._outside, *self._later])}
        self._first_global = _starts([len(i.module.globals) for i in instances])
        first = _starts([len(i.module.functions) for i in instances])
        self._first_function = [len(self._numbers) + start for start in first]
        self._functions = [
            [*map(self._number, imported), *range(start, start + len(instance.module.functions))]
            for instance, imported, start in zip(
                instances, resolved, self._first_function, strict=True
            )
        ]
        self._globals = [
            [
                *(self._global(i, n) for n in range(len(instance.module.imported(Kind.GLOBAL)))),
                *range(start, start + len(instance.module.globals)),
            ]
            for i, (instance, start) in enumerate(zip(instances, self._first_global, strict=True))
        ]

    @staticmethod
    def _only(what: str, found: Sequence[bytes]) -> None:
        if len(found) != 1:
            raise ComposeError(
                f"cannot link the app: expected one module to define {what}, found {len(found)}"
            )

    def _source(self, instance: int, import_name: tuple[str, str]) -> Source:
        source = self._instances[instance].arguments.get(import_name)
        if source is None:
            raise ComposeError(
                f"cannot link {self._instances[instance].place}: no value for its import"
                f" {' '.join(import_name)}"
            )
        return source

    def _exported(self, source: Source, kind: Kind) -> tuple[int, int]:
        """Find the instance that defines an export, and its index there."""
        if isinstance(source, Exported):
            found = self._instances[source.instance]
            exported = found.module.exports.get(source.name)
            if exported is not None and exported[0] is kind:
                return source.instance, exported[1]
        raise ComposeError(
            f"cannot link the app: expected a module to export a {kind.name.lower()}, found"
            f" {source}"
        )

    def _resolved_imports(self, instance: int) -> list[_Function | Outside | Later]:
        module = self._instances[instance].module
        resolved: list[_Function | Outside | Later] = []
        for number, entry in enumerate(module.imported(Kind.FUNCTION)):
            found = self._resolve(instance, number)
            if not isinstance(found, _Function):
                self._imported.setdefault(found, self._type(module.types[entry.type]))
            elif self._type_of(found) != module.types[entry.type]:
                raise ComposeError(
                    f"cannot link {self._instances[instance].place}: its import {entry.module}"
                    f" {entry.name} is a function of a different type"
                )
            resolved.append(found)
        return resolved

    def _type_of(self, function: _Function) -> bytes:
        module = self._instances[function.instance].module
        return module.types[module.functions[function.number]]

    def _resolve(self, instance: int, number: int) -> _Function | Outside | Later:
        imported = self._instances[instance].module.imported(Kind.FUNCTION)
        if number >= len(imported):
            return _Function(instance, number - len(imported))
        entry = imported[number]
        source = self._source(instance, (entry.module, entry.name))
        if isinstance(source, Exported):
            return self._resolve(*self._exported(source, Kind.FUNCTION))
        return source

    def _type(self, type_: bytes) -> int:
        return self._types.setdefault(type_, len(self._types))

    def _number(self, function: _Function | Outside | Later) -> int:
        if isinstance(function, _Function):
            return self._first_function[function.instance] + function.number
        return self._numbers[function]

    def _global(self, instance: int, index: int) -> int:
        module = self._instances[instance].module
        imported = module.imported(Kind.GLOBAL)
        if index >= len(imported):
            return self._first_global[instance] + index - len(imported)
        source = self._source(instance, (imported[index].module, imported[index].name))
        return self._global(*self._exported(source, Kind.GLOBAL))

    def _constant(self, instance: int, constant: Constant) -> bytes:
        """Evaluate a constant of an instance so that it refers to no global."""
        match constant.instructions:
            case [(opcode, index)] if opcode == REF_FUNC:
                return bytes([REF_FUNC]) + u32(self._functions[instance][index]) + bytes([END])
            case [(opcode, _)] if opcode != GLOBAL_GET:
                return constant.raw
        return core_writing.constant(self._sum(instance, constant))

    def _sum(self, instance: int, constant: Constant) -> int:
        total = 0
        for opcode, value in constant.instructions:
            if opcode == I32_CONST:
                total += value
            elif opcode == GLOBAL_GET:
                number = self._globals[instance][value]
                owner = bisect.bisect_right(self._first_global, number) - 1
                module = self._instances[owner].module
                entry = module.globals[number - self._first_global[owner]]
                if entry.mutable:
                    raise ComposeError("cannot link the app: a constant refers to a mutable global")
                total += self._sum(owner, entry.initial)
            elif opcode != I32_ADD:
                raise ComposeError("cannot link the app: a constant is not a sum of addresses")
        return total

    @property
    def outside(self) -> list[str]:
        """The functions that remain imports."""
        return [entry.name for entry in self._outside]

    @property
    def later(self) -> dict[str, bytes]:
        """The types of the functions that are called through a table, in its order."""
        types = list(self._types)
        return {entry.name: types[self._imported[entry]] for entry in self._later}

    def link(self, exports: Mapping[str, Exported]) -> bytes:
        """Encode the module.

        Args:
            exports: Its exports. It also exports the table of deferred functions, as `LATER`.

        Raises:
            ComposeError: An export does not exist.
        """
        code = self._code()
        contents = {
            SectionId.IMPORT: vector(
                [
                    core_writing.imported(entry.name, Kind.FUNCTION, u32(self._imported[entry]))
                    for entry in self._outside
                ]
            ),
            SectionId.FUNCTION: vector(
                [
                    *(u32(self._imported[entry]) for entry in self._later),
                    *(
                        u32(self._type(instance.module.types[index]))
                        for instance in self._instances
                        for index in instance.module.functions
                    ),
                ]
            ),
            SectionId.TABLE: vector(
                [
                    *(entry for i in self._instances for entry in i.module.tables),
                    core_writing.function_table(len(self._later)),
                ]
            ),
            SectionId.MEMORY: vector(
                [entry for i in self._instances for entry in i.module.memories]
            ),
            SectionId.GLOBAL: vector(
                [
                    entry.type + self._constant(number, entry.initial)
                    for number, instance in enumerate(self._instances)
                    for entry in instance.module.globals
                ]
            ),
            SectionId.EXPORT: vector(
                [
                    *(name(key) + self._export(source) for key, source in exports.items()),
                    name(LATER) + bytes([Kind.TABLE, 1]),
                ]
            ),
            SectionId.ELEMENT: vector(self._elements()),
            SectionId.CODE: vector(code),
            SectionId.DATA: dense(b"".join(i.module.segments for i in self._instances)),
        }
        # Last, because the other sections may add types.
        contents[SectionId.TYPE] = vector(list(self._types))
        return core_writing.module(contents)

    def exported_type(self, source: Exported) -> bytes:
        """The type of a function that an instance exports."""
        found = self._resolve(*self._exported(source, Kind.FUNCTION))
        if isinstance(found, _Function):
            return self._type_of(found)
        raise ComposeError(f"cannot link the app: {source.name!r} belongs to the host")

    def _export(self, source: Exported) -> bytes:
        exported = self._instances[source.instance].module.exports.get(source.name)
        match exported:
            case (Kind.FUNCTION as kind, index):
                number = self._functions[source.instance][index]
            case (Kind.MEMORY as kind, _):
                number = 0
            case _:
                raise ComposeError(
                    f"cannot link the app: expected a function or a memory, found {exported}"
                    f" as {source.name!r}"
                )
        return bytes([kind]) + u32(number)

    def _elements(self) -> list[bytes]:
        found = []
        for number, instance in enumerate(self._instances):
            for entry in instance.module.elements:
                functions = vector([u32(self._functions[number][i]) for i in entry.functions])
                if entry.offset is None:
                    found.append(b"\x03\0" + functions)
                    continue
                offset = core_writing.constant(self._sum(number, entry.offset))
                found.append(b"\0" + offset + functions)
        return found

    def _code(self) -> list[bytes]:
        entries = [
            _call_later(number, type_, self._type(type_))
            for number, type_ in enumerate(self.later.values())
        ]
        for number, instance in enumerate(self._instances):
            module = instance.module
            renumbering = Renumbering(
                types=[self._type(type_) for type_ in module.types],
                functions=self._functions[number],
                globals=self._globals[number],
            )
            entries += renumbering.code(module.data, module.code, instance.place)
        return entries


def _starts(lengths: Sequence[int]) -> list[int]:
    return [sum(lengths[:number]) for number in range(len(lengths))]


def _call_later(number: int, type_: bytes, index: int) -> bytes:
    called = bytes([_CALL_INDIRECT]) + u32(index) + b"\x01"
    return core_writing.function(
        core_writing.arguments_of(type_) + core_writing.i32_const(number) + called
    )
