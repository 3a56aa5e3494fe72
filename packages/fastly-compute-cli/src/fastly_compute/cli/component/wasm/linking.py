"""Makes one core module of several that are instantiated together.

Each instance costs a sandbox time when it starts, and so does each function in a table that several
instances have in common: a host writes these one by one, while those of a table that only one
module knows are there from the beginning.
"""

import bisect
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastly_compute.cli.component.wasm import encoding
from fastly_compute.cli.component.wasm.binary import ComposeError, name, u32, vector
from fastly_compute.cli.component.wasm.core_module import (
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
from fastly_compute.cli.component.wasm.index_remapping import IndexRemapping

# The names under which the linked module has them.
DEFERRED = "deferred"
MEMORY = "memory"
_CALL = 0x10
_CALL_INDIRECT = 0x11
_MOST_DONE = 64
_done: dict[bytes, list[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Exported:
    """The exports of an instance."""

    instance: int
    name: str


@dataclass(frozen=True, slots=True)
class HostImport:
    """A function that stays an import."""

    name: str


@dataclass(frozen=True, slots=True)
class DeferredImport:
    """A function that there is only when the instance is: it is called through a table.

    Attributes:
        name: Its name.
        copy: The parameter that is the address of a copy, which is freed after the call; None if
            there is no such parameter.
    """

    name: str
    copy: int | None = None


Source = Exported | HostImport | DeferredImport


@dataclass(frozen=True, slots=True)
class Instance:
    """A module, and what each of its imports is.

    Attributes:
        module: The module.
        place: What it is, for messages.
        arguments: The sources of its imports, by the two parts of their names.
    """

    module: CoreModule
    place: str
    arguments: Mapping[tuple[str, str], Source]


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of an instance, counted without the imported ones."""

    instance: int
    number: int


class Linking:
    """Several instances, as one module.

    Args:
        instances: The instances.
        free: The function that frees the copies passed to functions of the host; by default none
            are freed.

    Raises:
        ComposeError: They do not fit together, or not into one module.
    """

    def __init__(self, instances: Sequence[Instance], free: Exported | None = None) -> None:
        self._instances = instances
        self._free = free
        self._function_imports = [i.module.imported(Kind.FUNCTION) for i in instances]
        self._global_imports = [i.module.imported(Kind.GLOBAL) for i in instances]
        self._types: dict[bytes, int] = {}
        self._imported: dict[HostImport | DeferredImport, int] = {}
        self._only("a memory", [entry for i in instances for entry in i.module.memories])
        self._only("a table", [entry for i in instances for entry in i.module.tables])
        self._only("data", [i.module.segments for i in instances if i.module.segments])
        resolved = [self._resolved_imports(number) for number in range(len(instances))]
        self._host_imports = [entry for entry in self._imported if isinstance(entry, HostImport)]
        self._deferred_imports = [
            entry for entry in self._imported if isinstance(entry, DeferredImport)
        ]
        imports = [*self._host_imports, *self._deferred_imports]
        self._numbers = {entry: number for number, entry in enumerate(imports)}
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
                *(self._global(i, n) for n in range(len(self._global_imports[i]))),
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
                f"cannot link {self._instances[instance].place}: nothing is given for its import"
                f" {' '.join(import_name)}"
            )
        return source

    def _exported(self, source: Source, kind: Kind) -> tuple[int, int]:
        """Find the instance that exports something, and its number there."""
        if isinstance(source, Exported):
            found = self._instances[source.instance]
            exported = found.module.exports.get(source.name)
            if exported is not None and exported[0] is kind:
                return source.instance, exported[1]
        raise ComposeError(
            f"cannot link the app: expected a module to export a {kind.name.lower()}, found"
            f" {source}"
        )

    def _resolved_imports(self, instance: int) -> list[_Function | HostImport | DeferredImport]:
        module = self._instances[instance].module
        resolved: list[_Function | HostImport | DeferredImport] = []
        for number, entry in enumerate(self._function_imports[instance]):
            found = self._resolve(instance, number)
            if not isinstance(found, _Function):
                self._imported.setdefault(found, self._type(module.types[entry.type]))
            elif self._type_of(found) != module.types[entry.type]:
                raise ComposeError(
                    f"cannot link {self._instances[instance].place}: its import {entry.module}"
                    f" {entry.name} is a function of another type"
                )
            resolved.append(found)
        return resolved

    def _type_of(self, function: _Function) -> bytes:
        module = self._instances[function.instance].module
        return module.types[module.functions[function.number]]

    def _resolve(self, instance: int, number: int) -> _Function | HostImport | DeferredImport:
        imported = self._function_imports[instance]
        if number >= len(imported):
            return _Function(instance, number - len(imported))
        entry = imported[number]
        source = self._source(instance, (entry.module, entry.name))
        if isinstance(source, Exported):
            return self._resolve(*self._exported(source, Kind.FUNCTION))
        return source

    def _type(self, type_: bytes) -> int:
        return self._types.setdefault(type_, len(self._types))

    def _number(self, function: _Function | HostImport | DeferredImport) -> int:
        if isinstance(function, _Function):
            return self._first_function[function.instance] + function.number
        return self._numbers[function]

    def _global(self, instance: int, index: int) -> int:
        imported = self._global_imports[instance]
        if index >= len(imported):
            return self._first_global[instance] + index - len(imported)
        source = self._source(instance, (imported[index].module, imported[index].name))
        return self._global(*self._exported(source, Kind.GLOBAL))

    def _constant(self, instance: int, constant: Constant) -> bytes:
        """A constant of an instance, such that it refers to no global."""
        match constant.instructions:
            case [(opcode, index)] if opcode == REF_FUNC:
                return bytes([REF_FUNC]) + u32(self._functions[instance][index]) + bytes([END])
            case [(opcode, _)] if opcode != GLOBAL_GET:
                return constant.raw
        return encoding.constant(self._sum(instance, constant))

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
                    raise ComposeError("cannot link the app: a constant refers to what can change")
                total += self._sum(owner, entry.initial)
            elif opcode != I32_ADD:
                raise ComposeError("cannot link the app: a constant is not a sum of addresses")
        return total

    @property
    def host_imports(self) -> list[str]:
        """The functions that stay imports."""
        return [entry.name for entry in self._host_imports]

    @property
    def deferred_imports(self) -> dict[str, bytes]:
        """The types of the functions that are called through a table, in its order."""
        types = list(self._types)
        return {entry.name: types[self._imported[entry]] for entry in self._deferred_imports}

    def link(self, exports: Mapping[str, Exported]) -> bytes:
        """Write the module.

        Args:
            exports: What it has to export. The table of the functions that come later is exported
                under the name `DEFERRED`.

        Raises:
            ComposeError: The export does not exist.
        """
        code = self._code()
        contents = {
            SectionId.IMPORT: vector(
                [
                    encoding.imported(entry.name, Kind.FUNCTION, u32(self._imported[entry]))
                    for entry in self._host_imports
                ]
            ),
            SectionId.FUNCTION: vector(
                [
                    *(u32(self._imported[entry]) for entry in self._deferred_imports),
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
                    encoding.function_table(len(self._deferred_imports)),
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
                    name(DEFERRED) + bytes([Kind.TABLE, 1]),
                ]
            ),
            SectionId.ELEMENT: vector(self._elements()),
            SectionId.CODE: vector(code),
            SectionId.DATA: b"".join(i.module.segments for i in self._instances),
        }
        # Last, for what is before it may be the first to have a type.
        contents[SectionId.TYPE] = vector(list(self._types))
        return encoding.module(contents)

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
                offset = encoding.constant(self._sum(number, entry.offset))
                found.append(b"\0" + offset + functions)
        return found

    def _code(self) -> list[bytes]:
        entries = [
            encoding.function(self._call_deferred(number, entry, type_))
            for number, (entry, type_) in enumerate(
                zip(self._deferred_imports, self.deferred_imports.values(), strict=True)
            )
        ]
        for number, instance in enumerate(self._instances):
            module = instance.module
            remapping = IndexRemapping(
                types=[self._type(type_) for type_ in module.types],
                functions=self._functions[number],
                globals=self._globals[number],
            )
            entries += _remapped(remapping, module, instance.place)
        return entries

    def _call_deferred(self, number: int, entry: DeferredImport, type_: bytes) -> bytes:
        called = bytes([_CALL_INDIRECT]) + u32(self._type(type_)) + b"\x01"
        code = encoding.arguments_of(type_) + encoding.i32_const(number) + called
        if entry.copy is None or self._free is None:
            return code
        instance, function = self._exported(self._free, Kind.FUNCTION)
        call_free = bytes([_CALL]) + u32(self._functions[instance][function])
        return code + encoding.local_get(entry.copy) + call_free


def _remapped(remapping: IndexRemapping, module: CoreModule, place: str) -> list[bytes]:
    """Renumber a module's code, once while a command runs: it is the same for each app."""
    if not module.code:
        return []
    code = memoryview(module.data)[module.code[0][0] : module.code[-1][1]]
    key = hashlib.sha256(code)
    key.update(repr(remapping).encode())
    found = _done.get(key.digest())
    if found is None:
        if len(_done) >= _MOST_DONE:
            _done.clear()
        found = _done[key.digest()] = remapping.code(module.data, module.code, place)
    return found


def _starts(lengths: Sequence[int]) -> list[int]:
    return [sum(lengths[:number]) for number in range(len(lengths))]
