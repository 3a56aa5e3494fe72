"""Reads and writes the outermost layer of a component's binary.

Only as much of the format (the Component Model's `Binary.md`) is known here as composing needs:
how a component is cut into sections, and the entries of imports, type aliases and exports.
Everything else is passed on as bytes or refused by name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

PREAMBLE = b"\0asm\x0d\0\x01\0"
_CORE_MODULE_PREAMBLE = b"\0asm\x01\0\0\0"
_U32_LIMIT = 1 << 32


class ComposeError(ValueError):
    """A component could not be read or composed.

    The message says what was read, at which byte, what was expected there and what was found.
    """


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


class Sort(IntEnum):
    """What an index counts: the index spaces of a component."""

    CORE = 0
    FUNC = 1
    VALUE = 2
    TYPE = 3
    COMPONENT = 4
    INSTANCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An imported instance."""

    name: str
    type_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeAlias:
    """A type taken from an instance's exports."""

    instance: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An exported item; `index` counts within `sort`."""

    name: str
    sort: Sort
    index: int


class Reader:
    """Reads forward through a part of a component.

    Every method says what it expects, for the `ComposeError` that it raises where it finds
    something else.
    """

    def __init__(self, data: bytes, start: int, end: int, place: str) -> None:
        self.position = start
        self._data = data
        self._end = end
        self._place = place

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self.position >= self._end

    def error(self, expected: str, found: str, position: int) -> ComposeError:
        """Makes the error for something unexpected."""
        return ComposeError(
            f"cannot read {self._place}: expected {expected} at byte {position}, found {found}"
        )

    def skip(self, length: int, expected: str) -> None:
        """Passes over that many bytes."""
        left = self._end - self.position
        if length > left:
            found = f"the end after {left} of {length} bytes"
            raise self.error(expected, found, self.position)
        self.position += length

    def take(self, length: int, expected: str) -> bytes:
        """Reads that many bytes."""
        start = self.position
        self.skip(length, expected)
        return self._data[start : self.position]

    def byte(self, expected: str) -> int:
        """Reads one byte."""
        return self.take(1, expected)[0]

    def one_of(self, values: Iterable[int], expected: str) -> int:
        """Reads one byte that has to be among some values."""
        start = self.position
        value = self.byte(expected)
        if value not in values:
            raise self.error(expected, f"0x{value:02x}", start)
        return value

    def u32(self, expected: str) -> int:
        """Reads a number in LEB128."""
        start = self.position
        value, _ = self._leb128(expected)
        if value >= _U32_LIMIT:
            raise self._too_large(expected, start)
        return value

    def s32(self, expected: str) -> int:
        """Reads a signed number in LEB128, and returns the 32 bits of it as an address."""
        value, bits = self._leb128(expected)
        negative = value >> (bits - 1)
        return (value - (negative << bits)) % _U32_LIMIT

    def _leb128(self, expected: str) -> tuple[int, int]:
        """Reads up to five groups of seven bits; returns the number and how many bits it has."""
        start = self.position
        value = 0
        for bits in range(7, 42, 7):
            byte = self.byte(expected)
            value |= (byte & 0x7F) << (bits - 7)
            if byte < 0x80:
                return value, bits
        raise self._too_large(expected, start)

    def _too_large(self, expected: str, start: int) -> ComposeError:
        return self.error(expected, "a number of more than 32 bits", start)

    def name(self, expected: str) -> str:
        """Reads a UTF-8 string with its length before it."""
        start = self.position
        encoded = self.take(self.u32(expected), expected)
        try:
            return encoded.decode()
        except UnicodeDecodeError:
            raise self.error(expected, "bytes that are not UTF-8", start) from None

    def extern_name(self, expected: str) -> str:
        """Reads the name of an import or export."""
        self.one_of((0, 1), expected)
        return self.name(expected)


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

    def imports(self) -> Iterator[Import]:
        """Reads an import section.

        Raises:
            ComposeError: The section is damaged, or imports something else than instances.
        """
        for reader in self._entries("an import"):
            name = reader.extern_name("the name of an import")
            reader.one_of((Sort.INSTANCE,), f"0x05 (an instance) as the kind of import {name!r}")
            yield Import(name=name, type_index=reader.u32("the type of an import"))

    def type_aliases(self) -> Iterator[TypeAlias]:
        """Reads an alias section.

        Raises:
            ComposeError: The section is damaged, or an alias is not of an instance's type export.
        """
        for reader in self._entries("an alias"):
            reader.one_of((Sort.TYPE,), "0x03 (a type) as the kind of an alias")
            reader.one_of((0,), "0x00 (an instance's export) as the target of an alias")
            instance = reader.u32("the instance of an alias")
            yield TypeAlias(instance=instance, name=reader.name("the name of an alias"))

    def exports(self) -> Iterator[Export]:
        """Reads an export section.

        Raises:
            ComposeError: The section is damaged, or an export states a type of its own.
        """
        for reader in self._entries("an export"):
            name = reader.extern_name("the name of an export")
            sort = Sort(reader.one_of(tuple(Sort), "the kind of an export"))
            if sort is Sort.CORE:
                reader.byte("the kind of a core export")
            index = reader.u32("the index of an export")
            reader.one_of((0,), f"0x00 (no type of its own) for the export {name!r}")
            yield Export(name=name, sort=sort, index=index)

    def _entries(self, what: str) -> Iterator[Reader]:
        place = f"{self.source}, {self.id.label} at byte {self.start}"
        reader = Reader(self.data, self.content, self.end, place)
        for _ in range(reader.u32("the number of entries")):
            if reader.at_end:
                raise reader.error(what, "the end of the section", reader.position)
            yield reader
        if not reader.at_end:
            raise reader.error("the end of the section", "more bytes", reader.position)


def sections(source: str, data: bytes) -> Iterator[Section]:
    """Cuts a component into its sections, in their order.

    Args:
        source: What is read, for messages, such as "the app".
        data: The component's bytes.

    Raises:
        ComposeError: The data is no component, or ends within a section.
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


def component_section(component: bytes) -> bytes:
    """Writes a section that holds a component."""
    return _section(SectionId.COMPONENT, component)


def import_section(entry: Import) -> bytes:
    """Writes a section that imports one instance."""
    item = bytes([Sort.INSTANCE]) + _u32(entry.type_index)
    return _section(SectionId.IMPORT, _vector([b"\0" + _name(entry.name) + item]))


def type_alias_section(entries: Iterable[TypeAlias]) -> bytes:
    """Writes a section that takes types from instances."""
    aliases = [_alias(Sort.TYPE, entry.instance, entry.name) for entry in entries]
    return _section(SectionId.ALIAS, _vector(aliases))


def instance_alias_section(instance: int, name: str) -> bytes:
    """Writes a section that takes an instance from another instance's exports."""
    return _section(SectionId.ALIAS, _vector([_alias(Sort.INSTANCE, instance, name)]))


def instance_section(component: int, arguments: Iterable[tuple[str, int]]) -> bytes:
    """Writes a section that instantiates a component.

    Args:
        component: The component's index.
        arguments: For each import of the component, its name and the index of an instance.
    """
    sort = bytes([Sort.INSTANCE])
    supplied = _vector([_name(name) + sort + _u32(index) for name, index in arguments])
    return _section(SectionId.INSTANCE, _vector([b"\0" + _u32(component) + supplied]))


def export_section(entry: Export) -> bytes:
    """Writes a section with one export."""
    item = bytes([entry.sort]) + _u32(entry.index) + b"\0"
    return _section(SectionId.EXPORT, _vector([b"\0" + _name(entry.name) + item]))


def _alias(sort: Sort, instance: int, name: str) -> bytes:
    return bytes([sort, 0]) + _u32(instance) + _name(name)


def _section(section_id: SectionId, content: bytes) -> bytes:
    return bytes([section_id]) + _u32(len(content)) + content


def _vector(entries: list[bytes]) -> bytes:
    return _u32(len(entries)) + b"".join(entries)


def _name(name: str) -> bytes:
    encoded = name.encode()
    return _u32(len(encoded)) + encoded


def _u32(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
