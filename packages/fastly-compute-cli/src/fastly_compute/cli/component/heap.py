"""Takes the free memory of an image out of use, so that what a request makes lies side by side.

An interpreter leaves holes all over its heap, and a request would fill them: each is on a page that
the sandbox has to copy for that. Where all of them count as used, new objects go to the end of the
heap, on few pages.
"""

from collections.abc import Iterator

from fastly_compute.cli.component.image import Image
from fastly_compute.cli.component.wasm.binary import ComposeError

# The state of dlmalloc 2.8.6, which wasi-libc has, where a pointer has 32 bits: where in it the
# words are. A list of free chunks starts and ends in the state, at what looks like a chunk.
_SMALL_MAP, _TREE_MAP, _DV_SIZE, _TOP_SIZE, _LEAST, _DV, _TOP = 0, 4, 8, 12, 16, 20, 24
_LISTS, _TREES = 40, 304
_INDEXES = range(32)
# A chunk: its size with two flags, and if it is free, its neighbours in a list, and perhaps its
# children in a tree.
_SIZE, _NEXT, _CHILDREN = 4, 8, (16, 20)
_BEFORE_IN_USE, _IN_USE, _FLAGS = 1, 2, 7
_MOST = 1 << 20


class _Heap:
    """What dlmalloc knows of its free memory.

    Raises:
        ComposeError: The image has no such heap.
    """

    def __init__(self, image: Image) -> None:
        self._word = image.word
        # The first list is always empty: no chunk is so small.
        places = (
            address - _LISTS - _NEXT
            for address, value in image.words()
            if value == address - _NEXT and image.word(address + 4) == value
        )
        self.state = next(filter(self._is_state, places), 0)
        if not self.state:
            raise ComposeError("cannot read the app: its heap is not the one that is known")

    def _is_state(self, state: int) -> bool:
        word = self._word
        top, dv = word(state + _TOP), word(state + _DV)
        sizes = [(top, word(state + _TOP_SIZE))] + [(dv, word(state + _DV_SIZE))] * bool(dv)
        return all(
            size and word(chunk + _SIZE) == size | _BEFORE_IN_USE for chunk, size in sizes
        ) and all(
            (root != 0) == word(state + _TREE_MAP) >> index & 1
            for index, root in enumerate(self._roots(state))
        )

    def _roots(self, state: int) -> list[int]:
        return [self._word(state + _TREES + 4 * index) for index in _INDEXES]

    def holes(self) -> Iterator[int]:
        """List the free chunks, but for the two that new objects are to be taken from."""
        lists = self._word(self.state + _SMALL_MAP)
        for index in _INDEXES:
            if lists >> index & 1:  # dlmalloc leaves the ends of an empty one as they were
                yield from self._others(self.state + _LISTS + 8 * index)
        chunks = [root for root in self._roots(self.state) if root]
        while chunks:
            chunk = chunks.pop()
            yield chunk
            yield from self._others(chunk)
            chunks += filter(None, (self._word(chunk + child) for child in _CHILDREN))

    def _others(self, start: int) -> Iterator[int]:
        chunk = self._word(start + _NEXT)
        while chunk != start:
            yield chunk
            chunk = self._word(chunk + _NEXT)


def heap_bounds(image: Image) -> tuple[int, int]:
    """Find the memory that an image's allocator has given out: its addresses.

    Raises:
        ComposeError: The allocator is not the one that is known.
    """
    state = _Heap(image).state
    return image.word(state + _LEAST), image.word(state + _TOP)


def fill_holes(component: bytes) -> bytes:
    """Mark the free memory between an image's objects as used.

    Args:
        component: A component as componentize-py builds it.

    Returns:
        The component, whose sandboxes take new memory from the end of the heap.

    Raises:
        ComposeError: The component is damaged, or its allocator is another one.
    """
    image = Image(component)
    heap = _Heap(image)
    holes: set[int] = set()
    for chunk in heap.holes():
        if chunk in holes or len(holes) > _MOST:
            raise ComposeError("cannot read the app: its heap is damaged")
        holes.add(chunk)
    for chunk in holes:
        head = image.word(chunk + _SIZE)
        following = chunk + (head & ~_FLAGS) + _SIZE
        image.set_word(chunk + _SIZE, head | _IN_USE)
        image.set_word(following, image.word(following) | _BEFORE_IN_USE)
    for unused in (_SMALL_MAP, _TREE_MAP, *(_TREES + 4 * index for index in _INDEXES)):
        image.set_word(heap.state + unused, 0)
    return bytes(image.data)
