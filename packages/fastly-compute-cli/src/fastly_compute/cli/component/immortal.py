"""Makes what a component's image holds immortal: nothing counts who refers to it.

A sandbox has the image's pages in common with all others until it writes to them. Most writes are
those of reference counts: each is a page to copy. CPython leaves the count of an immortal object
alone (PEP 683), and an object of the image is never freed anyway: the sandbox ends before.
"""

import bisect
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace

from fastly_compute.cli.component.wasm import core_module
from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.component import SectionId, sections
from fastly_compute.cli.component.wasm.core_module import Segment

# Of CPython 3.14 where a pointer has 32 bits, as componentize-py has it: Include/refcount.h.
_IMMORTAL = 5 << 28
_LEAST = 1 << 30
_HEAD = struct.Struct("<iI")  # the count, and the address of the type
# A freed object has no count, or the address of the next free one instead.
_MOST = 100_000


def _modules(component: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """Find the core modules, also of components within: where they start and end."""
    for section in sections("the app", component):
        if section.id is SectionId.CORE_MODULE:
            yield start + section.content, start + section.end
        elif section.id is SectionId.COMPONENT:
            inner = component[section.content : section.end]
            yield from _modules(inner, start + section.content)


def _segments(component: bytes, start: int, end: int) -> Iterator[Segment]:
    module = component[start:end]
    for kind, content, until in core_module.sections(module, "a core module"):
        if kind is core_module.SectionId.DATA:
            for part in core_module.segments(module, content, until, "a core module"):
                yield replace(part, start=start + part.start)


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
        objects: The addresses of the objects. Those that no longer have one of these types are
            left alone.

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
