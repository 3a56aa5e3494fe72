"""Separate a component's code from its image, so that the code is compiled once for all apps.

A build links CPython and its libraries into one core module. The code of that module is the same
in each component of the same tools; what differs is the image of its memory, which holds the app,
and the initial values of its globals. Compiling the code takes seconds; compiling a component that
imports it as a module takes a fraction of one. Such a component has three modules: one with the
memory and its image; the code, which it imports, and which imports that memory; and one that sets
the code's globals. Nothing that runs in it differs: code, memory and globals are the component's.
"""

from dataclasses import dataclass, field

from fastly_compute.local.runtime.wasm.binary import (
    COMPONENT,
    MODULE,
    Reader,
    number,
    section,
    sections,
    string,
    vector,
)

CODE = "code"
"""The name of the import."""

# Sections of a module.
_TYPE, _IMPORT, _FUNCTION, _TABLE, _MEMORY, _GLOBAL, _EXPORT, _START = range(1, 9)
_CODE, _DATA = 10, 11
_FUNCTIONS, _TABLES, _MEMORIES, _GLOBALS = range(4)
# Sections of a component.
_CORE_MODULE, _CORE_INSTANCE, _CORE_TYPE, _ALIAS, _OUTER_IMPORT = 1, 2, 3, 6, 10
_CORE_ALIAS = 0  # in the first byte of an alias
_I32, _I32_CONST, _GLOBAL_SET, _END = 0x7F, 0x41, 0x24, 0x0B
_ANY_MEMORY = b"\0\1"  # at least one page
_IMAGE, _STATE = b"image", b"state"


class _Unknown(Exception):
    """The component is not one that a build of these tools writes."""


@dataclass(frozen=True, slots=True)
class Separated:
    """A component in two parts.

    Attributes:
        code: A core module, the same for many components.
        component: The rest: a component that imports the code under the name `CODE`.
    """

    code: bytes
    component: bytes


def separate(component: bytes) -> Separated | None:
    """Separate the code of a component that a build of this SDK linked.

    Args:
        component: Any bytes.

    Returns:
        The two parts; None if the component is not made of one large module with its memory, such
        as one that was built without the pass `link`.
    """
    try:
        return _separated(component)
    except (_Unknown, IndexError):
        return None


def _expect(condition: bool) -> None:
    if not condition:
        raise _Unknown


@dataclass(slots=True)
class _Module:
    """The module with the code and the memory, while it is taken apart."""

    sections: dict[int, bytes]
    types: list[bytes] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    imports: list[bytes] = field(default_factory=list)
    exports: list[bytes] = field(default_factory=list)
    states: dict[int, bytes] = field(default_factory=dict)

    def read(self) -> None:
        """Read all that both parts need."""
        _expect({_TYPE, _CODE, _DATA, _GLOBAL, _MEMORY, _TABLE} <= self.sections.keys())
        # Later sections, such as a count of data, are not in order of their number.
        _expect(_START not in self.sections and max(self.sections) <= _DATA)
        self._read_types()
        self._read_imports()
        reader = Reader(self.sections[_FUNCTION])
        self.functions += [reader.number() for _ in range(reader.number())]

    def _read_types(self) -> None:
        reader = Reader(self.sections[_TYPE])
        for _ in range(reader.number()):
            start = reader.position
            _expect(reader.byte() == 0x60)
            reader.string()
            reader.string()
            self.types.append(reader.data[start : reader.position])

    def _read_imports(self) -> None:
        reader = Reader(self.sections.get(_IMPORT, b"\0"))
        for _ in range(reader.number()):
            start = reader.position
            reader.string()
            reader.string()
            _expect(reader.byte() == _FUNCTIONS)
            self.functions.append(reader.number())
            self.imports.append(reader.data[start : reader.position])

    def code(self) -> bytes:
        """Write the part that is the same for many apps."""
        self.imports.append(string(_IMAGE) + string(_IMAGE) + bytes([_MEMORIES]) + _ANY_MEMORY)
        globals_ = self._globals()
        exports = Reader(self.sections[_EXPORT])
        count = exports.number() + len(self.states)
        states = [
            string(_state(index)) + bytes([_GLOBALS]) + number(index) for index in self.states
        ]
        changed = {
            _IMPORT: vector(self.imports),
            _GLOBAL: globals_,
            _EXPORT: number(count) + exports.data[exports.position :] + b"".join(states),
        }
        parts = {**self.sections, **changed}
        kinds = sorted(parts.keys() - {_MEMORY, _DATA})
        written = [section(kind, parts[kind]) for kind in kinds]
        return MODULE + b"".join(written)

    def _globals(self) -> bytes:
        """Write the globals without the values of those that can change; note these values."""
        reader = Reader(self.sections[_GLOBAL])
        entries = []
        for index in range(reader.number()):
            start = reader.position
            type_, mutable, opcode = reader.byte(), reader.byte(), reader.byte()
            _expect(type_ == _I32 and opcode == _I32_CONST)
            value = reader.skip_number()
            _expect(reader.byte() == _END)
            if mutable:
                self.states[index] = value
                entries.append(bytes([_I32, 1, _I32_CONST, 0, _END]))
            else:
                entries.append(reader.data[start : reader.position])
        return vector(entries)

    def type(self) -> bytes:
        """Write the type of the code, as a section of a component."""
        types = [b"\1" + type_ for type_ in self.types]
        imports = [b"\0" + imported for imported in self.imports]
        table = Reader(self.sections[_TABLE])
        tables = [_table(table) for _ in range(table.number())]
        reader = Reader(self.sections[_EXPORT])
        exports = []
        for _ in range(reader.number()):
            exported, kind, index = reader.string(), reader.byte(), reader.number()
            match kind:
                case 0:
                    description = number(self.functions[index])
                case 1:
                    description = tables[index]
                case 2:
                    description = _ANY_MEMORY
                case _:
                    raise _Unknown
            exports.append(b"\3" + string(exported) + bytes([kind]) + description)
        exports += [
            b"\3" + string(_state(index)) + bytes([_GLOBALS, _I32, 1]) for index in self.states
        ]
        return section(_CORE_TYPE, b"\1\x50" + vector([*types, *imports, *exports]))

    def image(self) -> bytes:
        """Write a module that has the memory with its image."""
        exported = vector([string(_IMAGE) + bytes([_MEMORIES, 0])])
        return b"".join(
            [
                MODULE,
                section(_MEMORY, self.sections[_MEMORY]),
                section(_EXPORT, exported),
                section(_DATA, self.sections[_DATA]),
            ]
        )

    def state(self) -> bytes:
        """Write a module that sets the code's globals when it is instantiated."""
        imports = [
            string(_STATE) + string(_state(index)) + bytes([_GLOBALS, _I32, 1])
            for index in self.states
        ]
        instructions = [
            bytes([_I32_CONST]) + value + bytes([_GLOBAL_SET]) + number(place)
            for place, value in enumerate(self.states.values())
        ]
        body = b"\0" + b"".join(instructions) + bytes([_END])
        contents = {
            _TYPE: vector([b"\x60\0\0"]),
            _IMPORT: vector(imports),
            _FUNCTION: vector([number(0)]),
            _START: number(0),
            _CODE: vector([string(body)]),
        }
        return MODULE + b"".join(section(kind, content) for kind, content in contents.items())


def _state(index: int) -> bytes:
    return f"state{index}".encode()


def _table(reader: Reader) -> bytes:
    start = reader.position
    reader.byte()
    for _ in range(1 + reader.byte()):
        reader.number()
    return reader.data[start : reader.position]


def _separated(component: bytes) -> Separated:
    _expect(component.startswith(COMPONENT))
    outer = sections(component)
    kinds = [kind for kind, _ in outer]
    _expect(_CORE_TYPE not in kinds and {_CORE_MODULE, _CORE_INSTANCE} <= set(kinds))
    first_module = kinds.index(_CORE_MODULE)
    first_instance = kinds.index(_CORE_INSTANCE)
    last_instance = len(kinds) - 1 - kinds[::-1].index(_CORE_INSTANCE)
    modules = kinds.count(_CORE_MODULE)
    _expect(_CORE_MODULE not in kinds[first_instance:])
    inner = sections(outer[first_module][1])
    # Custom sections, such as names, are of no use to who runs it.
    module = _Module({kind: content for kind, content in inner if kind})
    module.read()
    code = module.code()
    rewritten = _Instances(modules)
    parts = [COMPONENT]
    for place, (kind, content) in enumerate(outer):
        if place == first_module:
            imported = b"\1\0" + string(CODE.encode()) + b"\0\x11\0"
            parts += [module.type(), section(_OUTER_IMPORT, imported)]
            continue
        if place == first_instance:
            parts.append(section(_CORE_MODULE, module.image()))
            parts.append(section(_CORE_INSTANCE, b"\1\0" + number(modules) + b"\0"))
        if kind == _CORE_INSTANCE:
            content = rewritten.instances(content)
        elif kind == _ALIAS:
            content = rewritten.aliases(content)
        parts.append(section(kind, content))
        if place == last_instance:
            parts.append(section(_CORE_MODULE, module.state()))
            given = string(_STATE) + b"\x12" + number(rewritten.code_instance())
            parts.append(section(_CORE_INSTANCE, b"\1\0" + number(modules + 1) + b"\1" + given))
    return Separated(code, b"".join(parts))


class _Instances:
    """Renumbers core instances: that of the image is new, and the first."""

    def __init__(self, modules: int) -> None:
        self._modules = modules
        self._count = 0
        self._code: list[int] = []

    def code_instance(self) -> int:
        """Return the number of the instance of the code, of which there has to be one."""
        _expect(len(self._code) == 1)
        return self._code[0]

    def instances(self, content: bytes) -> bytes:
        """Rewrite a section of core instances."""
        reader = Reader(content)
        return vector([self._instance(reader) for _ in range(reader.number())])

    def _instance(self, reader: Reader) -> bytes:
        start = reader.position
        self._count += 1
        if reader.byte():
            for _ in range(reader.number()):
                reader.string()
                reader.byte()
                reader.number()
            return reader.data[start : reader.position]
        module = reader.number()
        _expect(module < self._modules)
        given = []
        for _ in range(reader.number()):
            argument, kind = reader.string(), reader.byte()
            given.append(string(argument) + bytes([kind]) + number(reader.number() + 1))
        if module == 0:
            self._code.append(self._count)
            given.append(string(_IMAGE) + b"\x12" + number(0))
        return b"\0" + number(module) + vector(given)

    @staticmethod
    def aliases(content: bytes) -> bytes:
        """Rewrite a section of aliases."""
        reader = Reader(content)
        entries = []
        for _ in range(reader.number()):
            head = bytes([reader.byte()])
            if head[0] == _CORE_ALIAS:
                head += bytes([reader.byte()])
            target, instance = reader.byte(), reader.number()
            core = head[0] == _CORE_ALIAS
            _expect(target == core)  # a core instance's export, or an instance's
            head += bytes([target]) + number(instance + core)
            entries.append(head + string(reader.string()))
        return vector(entries)
