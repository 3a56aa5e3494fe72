"""The free memory of an image, which the pass fill-holes takes out of use."""

import struct
from collections.abc import Callable

import pytest

from fastly_compute.cli.component.heap import fill_holes
from fastly_compute.cli.component.image import Image
from fastly_compute.cli.component.wasm.binary import ComposeError

Component = Callable[[dict[int, bytes]], bytes]

STATE, HEAP = 0x1000, 0x2000
SMALL_BIN = STATE + 40 + 8 * 4
"""The end of the list of free chunks of 32 bytes."""


class Memory:
    """A heap as dlmalloc leaves it: chunks in use, holes between them, the rest at its end."""

    def __init__(self) -> None:
        self.bytes = bytearray(0x4000)
        for index in range(32):
            end = STATE + 40 + 8 * index
            self.set(end + 8, end, end)
        self.small = [self.chunk(0x000, 32), self.chunk(0x040, 32)]
        self.root = self.chunk(0x080, 512)
        self.twin = self.chunk(0x2A0, 512)
        self.child = self.chunk(0x4C0, 640)
        self.last = self.chunk(0x760, 1024)
        self.top = self.chunk(0xB80, 0x480)
        first, second = self.small
        self.set(SMALL_BIN + 8, first, second)
        self.set(first + 8, second, SMALL_BIN)
        self.set(second + 8, SMALL_BIN, first)
        self.set(self.root + 8, self.twin, self.twin, 0, self.child)
        self.set(self.twin + 8, self.root, self.root)
        self.set(self.child + 8, self.child, self.child)
        self.set(STATE, 1 << 4, 1 << 3, 1024, 0x480, HEAP, self.last, self.top)
        self.set(STATE + 304 + 4 * 3, self.root)

    def chunk(self, offset: int, size: int) -> int:
        """Write a free chunk, and one in use of 32 bytes or the end of the heap after it."""
        self.set(HEAP + offset + 4, size | 1)
        self.set(HEAP + offset + size, size, 32 | 2)
        return HEAP + offset

    def set(self, address: int, *words: int) -> None:
        struct.pack_into(f"<{len(words)}I", self.bytes, address, *words)

    def component(self, made_of: Component) -> bytes:
        """Make a component, whose segments leave out zeros as componentize-py's do."""
        parts, start = {}, 0
        for end in range(64, len(self.bytes) + 1, 64):
            part = bytes(self.bytes[start:end]).rstrip(b"\0")
            if part:
                parts[start] = part
            start = end
        return made_of(parts)


def free_chunks(component: bytes) -> dict[int, bool]:
    """Tell which of the heap's chunks are free, going from one to the next."""
    image, found, chunk = Image(component), {}, HEAP
    while size := image.word(chunk + 4) & ~7:
        found[chunk] = not image.word(chunk + 4) & 2
        assert found[chunk] != bool(image.word(chunk + size + 4) & 1), hex(chunk)
        chunk += size
        if chunk >= HEAP + 0xB80:
            break
    return found


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_holes_count_as_used_and_the_memory_for_new_objects_stays(
    memory: Memory, component_with: Component
) -> None:
    before = memory.component(component_with)
    holes = {*memory.small, memory.root, memory.twin, memory.child}
    assert {one for one, free in free_chunks(before).items() if free} == {*holes, memory.last}

    after = fill_holes(before)

    assert {one for one, free in free_chunks(after).items() if free} == {memory.last}
    image = Image(after)
    assert [image.word(STATE + offset) for offset in (0, 4, 304 + 4 * 3)] == [0, 0, 0]
    assert [image.word(STATE + offset) for offset in (8, 12, 20, 24)] == [
        1024,
        0x480,
        memory.last,
        memory.top,
    ]
    assert fill_holes(after) == after


@pytest.mark.parametrize(
    ("offset", "value"),
    [(12, 0x490), (8, 1040), (4, 0), (304 + 4 * 5, HEAP)],
    ids=["size of the end", "size of the last rest", "map of trees", "tree that is not mapped"],
)
def test_a_heap_that_is_not_known_is_refused(
    memory: Memory, component_with: Component, offset: int, value: int
) -> None:
    memory.set(STATE + offset, value)

    with pytest.raises(ComposeError, match="its heap is not the one that is known"):
        fill_holes(memory.component(component_with))


def test_a_list_without_an_end_is_refused(memory: Memory, component_with: Component) -> None:
    first, second = memory.small
    memory.set(second + 8, first)

    with pytest.raises(ComposeError, match="its heap is damaged"):
        fill_holes(memory.component(component_with))


def test_a_hole_whose_end_the_component_leaves_out_is_refused(
    memory: Memory, component_with: Component
) -> None:
    memory.set(memory.twin + 512, 0, 0)

    with pytest.raises(ComposeError, match="it is left out"):
        fill_holes(memory.component(component_with))
