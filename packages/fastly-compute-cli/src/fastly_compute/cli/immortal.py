"""Makes what a component's image holds immortal: nothing counts who refers to it.

A sandbox has the image's pages in common with all others until it writes to them. Most writes are
those of reference counts: each is a page to copy. CPython leaves the count of an immortal object
alone (PEP 683), and an object of the image is never freed anyway: the sandbox ends before.
"""

import bisect
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastly_compute.cli.component_binary import ComposeError, Reader, SectionId, sections

# Of CPython 3.14 where a pointer has 32 bits, as componentize-py has it: Include/refcount.h.
_IMMORTAL = 5 << 28
_LEAST = 1 << 30
_HEAD = struct.Struct("<iI")  # the count, and the address of the type
# A freed object has no count, or the address of the next free one in its place.
_MOST = 100_000
_DATA = 11
_PASSIVE, _INDEXED = 1, 2
_I32_CONST, _END = 0x41, 0x0B


@dataclass(frozen=True, slots=True)
class _Segment:
    """A part of the memory: its address, and where in the component its bytes are."""

    address: int
    start: int
    length: int


def _modules(component: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """Find the core modules, also of components within: where they start and end."""
    for section in sections("the app", component):
        if section.id is SectionId.CORE_MODULE:
            yield start + section.content, start + section.end
        elif section.id is SectionId.COMPONENT:
            inner = component[section.content : section.end]
            yield from _modules(inner, start + section.content)


def _segments(component: bytes, start: int, end: int) -> Iterator[_Segment]:
    reader = Reader(component, start + 8, end, "a core module")
    while not reader.at_end:
        kind = reader.byte("a section")
        size = reader.u32("the size of a section")
        if kind != _DATA:
            reader.skip(size, "a section")
            continue
        for _ in range(reader.u32("the number of data segments")):
            mode = reader.u32("the kind of a data segment")
            if mode == _INDEXED:
                reader.u32("the memory of a data segment")
            address = None
            if mode != _PASSIVE:
                reader.one_of((_I32_CONST,), "i32.const as the address of a data segment")
                address = reader.s32("the address of a data segment")
                reader.one_of((_END,), "the end of an address")
            length = reader.u32("the length of a data segment")
            if address is not None:
                yield _Segment(address, reader.position, length)
            reader.skip(length, "a data segment")


class _Image:
    """The memory that an interpreter starts with, in the component that holds it."""

    def __init__(self, component: bytes) -> None:
        found = [list(_segments(component, *module)) for module in _modules(component)]
        largest = max(found, key=lambda parts: sum(part.length for part in parts), default=[])
        self._parts = sorted(largest, key=lambda part: part.address)
        self._addresses = [part.address for part in self._parts]
        self.data = bytearray(component)

    def place(self, address: int) -> int | None:
        """Tell where in the component an object's head is; None if the image has it not whole."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        part = self._parts[index]
        offset = address - part.address
        return None if offset + _HEAD.size > part.length else part.start + offset


def immortalize(component: bytes, none: int, kinds: Iterable[int], objects: Iterable[int]) -> bytes:
    """Make objects of an image immortal.

    Args:
        component: A component as componentize-py builds it.
        none: The address of the interpreter's None.
        kinds: The addresses of the types whose objects it may be.
        objects: The addresses of the objects. What is no object of these types any more is left
            alone.

    Returns:
        The component with these objects' reference counts changed.

    Raises:
        ComposeError: The component is damaged, or its interpreter lays objects out otherwise.
    """
    image = _Image(component)
    place = image.place(none)
    if place is None or _HEAD.unpack_from(image.data, place)[0] < _LEAST:
        raise ComposeError("cannot read the app: its interpreter is not the one that is known")
    known = set(kinds)
    for address in objects:
        place = image.place(address)
        if place is None:
            continue
        count, kind = _HEAD.unpack_from(image.data, place)
        if kind in known and 0 < count < _MOST:
            _HEAD.pack_into(image.data, place, _IMMORTAL, kind)
    return bytes(image.data)
