"""The memory of an image, and the pieces of it that its allocator has given out."""

import bisect
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from fastly_compute.cli.component.heap import heap_bounds
from fastly_compute.cli.component.image import Image
from fastly_compute.cli.component.wasm.binary import ComposeError

_WORD = 4
_HEAD = 8  # of a chunk: what precedes the memory that was requested
_FLAGS = 7
_ALIGNMENT = 16
_SMALLEST = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the heap: one object of Python's, memory that belongs to one, or free memory.

    Attributes:
        start: Its address.
        end: The address after it.
    """

    start: int
    end: int


class Memory:
    """The memory that an app's interpreter starts with.

    Args:
        component: A component as `build` makes it.

    Attributes:
        words: The memory as words.
        data: The memory as bytes.
        chunks: The pieces of the heap, in order.

    Raises:
        ComposeError: The component is damaged, or its allocator is not the one that is known.
    """

    def __init__(self, component: bytes) -> None:
        image = Image(component)
        parts = image.parts
        if not parts:
            raise ComposeError("cannot read the app: it has no memory")
        size = max(part.address + part.length for part in parts)
        memory = bytearray(size + -size % _WORD)
        self._addresses = [part.address for part in parts]
        self._ends = [part.address + part.length for part in parts]
        self._before = [0]  # how many bytes the parts before have
        for part in parts:
            content = image.data[part.start : part.start + part.length]
            memory[part.address : part.address + part.length] = content
            self._before.append(self._before[-1] + part.length)
        self.data = bytes(memory)
        self.words: Sequence[int] = array("I", self.data)
        self._first, self._last = heap_bounds(image)
        self.chunks = self._walked()

    def _walked(self) -> list[Chunk]:
        chunks = []
        start = self._first + -(self._first + _HEAD) % _ALIGNMENT
        while start < self._last:
            size = self.words[start // _WORD + 1] & ~_FLAGS
            if size < _SMALLEST or start + size > self._last:
                raise ComposeError("cannot read the app: its heap is damaged")
            chunks.append(Chunk(start, start + size))
            start += size
        return chunks

    def stored(self, start: int, end: int) -> int:
        """Count the bytes of a range that the component holds: it leaves out zeros."""
        return self._up_to(end) - self._up_to(start)

    @property
    def static(self) -> int:
        """How many bytes the component holds of the memory below the heap."""
        return self._up_to(self._first)

    @property
    def total(self) -> int:
        """How many bytes of the memory the component holds."""
        return self._before[-1]

    def _up_to(self, address: int) -> int:
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return 0
        return self._before[index] + min(address, self._ends[index]) - self._addresses[index]
