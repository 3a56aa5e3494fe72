"""Make the objects in a component's image immortal, so that their references are not counted.

Sandboxes share the image's pages until they write to them. Most writes change reference counts, and
each copies a page. CPython does not change the count of an immortal object (PEP 683), and an object
of the image need not be freed: the sandbox ends before.
"""

import bisect
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace

from fastly_compute.cli.wasm import core_module
from fastly_compute.cli.wasm.binary import ComposeError
from fastly_compute.cli.wasm.component import SectionId, sections
from fastly_compute.cli.wasm.core_module import Segment

# CPython 3.14 with 32-bit pointers, as in componentize-py: Include/refcount.h.
_IMMORTAL = 5 << 28
_LEAST = 1 << 30
_HEAD = struct.Struct("<iI")  # the count, and the address of the type
# A freed object has no count, or the address of the next free object instead.
_MOST = 100_000


def _modules(component: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """Find the core modules, including those of nested components: their start and end."""
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
    """The initial memory of the interpreter, within its component."""

    def __init__(self, component: bytes) -> None:
        found = [list(_segments(component, *module)) for module in _modules(component)]
        largest = max(found, key=lambda parts: sum(part.length for part in parts), default=[])
        self._parts = sorted(largest, key=lambda part: part.address)
        self._addresses = [part.address for part in self._parts]
        self.data = bytearray(component)

    def place(self, address: int) -> int | None:
        """Return the position of an object's header; None if it is not entirely in the image."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        part = self._parts[index]
        offset = address - part.address
        return None if offset + _HEAD.size > part.length else part.start + offset


def immortalize(component: bytes, none: int, kinds: Iterable[int], objects: Iterable[int]) -> bytes:
    """Make objects of an image immortal.

    Args:
        component: A component built by componentize-py.
        none: The address of the interpreter's None.
        kinds: The addresses of the types that the objects may have.
        objects: The addresses of the objects. Any that no longer holds an object of these types is
            skipped.

    Returns:
        The component with these objects' reference counts changed.

    Raises:
        ComposeError: The component is damaged, or its interpreter has a different object layout.
    """
    image = _Image(component)
    place = image.place(none)
    if place is None or _HEAD.unpack_from(image.data, place)[0] < _LEAST:
        raise ComposeError("cannot read the app: its interpreter is unknown")
    known = set(kinds)
    for address in objects:
        place = image.place(address)
        if place is None:
            continue
        count, kind = _HEAD.unpack_from(image.data, place)
        if kind in known and 0 < count < _MOST:
            _HEAD.pack_into(image.data, place, _IMMORTAL, kind)
    return bytes(image.data)
