"""The memory that an app's interpreter starts with, in the component that holds it."""

import bisect
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from fastly_compute.cli.component.wasm import core_module
from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.component import SectionId, sections
from fastly_compute.cli.component.wasm.core_module import Segment

_WORD = 4


def core_modules(component: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """Find the core modules, also of components within: where they start and end."""
    for section in sections("the app", component):
        if section.id is SectionId.CORE_MODULE:
            yield start + section.content, start + section.end
        elif section.id is SectionId.COMPONENT:
            inner = component[section.content : section.end]
            yield from core_modules(inner, start + section.content)


def _segments(component: bytes, start: int, end: int) -> Iterator[Segment]:
    module = component[start:end]
    for kind, content, until in core_module.sections(module, "a core module"):
        if kind is core_module.SectionId.DATA:
            for part in core_module.segments(module, content, until, "a core module"):
                yield replace(part, start=start + part.start)


class Image:
    """An image whose words can be read and changed.

    Args:
        component: A component as componentize-py builds it.

    Attributes:
        parts: The parts of the memory that the component holds, by their addresses.
        data: The component, with the changes.
    """

    def __init__(self, component: bytes) -> None:
        found = [list(_segments(component, *module)) for module in core_modules(component)]
        largest = max(found, key=lambda parts: sum(part.length for part in parts), default=[])
        self.parts = sorted(largest, key=lambda part: part.address)
        self._addresses = [part.address for part in self.parts]
        self.data = bytearray(component)

    def place(self, address: int, size: int) -> int | None:
        """Tell where in the component some bytes are; None if the image has not all of them."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        part = self.parts[index]
        offset = address - part.address
        return None if offset + size > part.length else part.start + offset

    def word(self, address: int) -> int:
        """Read a word. A component leaves out zeros: what it does not hold is zero."""
        places = [self.place(address + index, 1) for index in range(_WORD)]
        found = bytes(0 if place is None else self.data[place] for place in places)
        return int.from_bytes(found, "little")

    def set_word(self, address: int, value: int) -> None:
        """Change a word.

        Raises:
            ComposeError: The component does not hold the bytes that are not zero.
        """
        for index, byte in enumerate(value.to_bytes(_WORD, "little")):
            place = self.place(address + index, 1)
            if place is not None:
                self.data[place] = byte
            elif byte:
                raise ComposeError(f"cannot change the image at {address:#x}: it is left out")

    def words(self) -> Iterator[tuple[int, int]]:
        """List the words with their addresses, in order, but for those left out."""
        for part in self.parts:
            skipped = -part.address % _WORD
            found = self.data[part.start + skipped : part.start + part.length]
            found += bytes(-len(found) % _WORD)
            values = memoryview(found).cast("I")
            yield from zip(count(part.address + skipped, _WORD), values, strict=False)
