"""The objects of CPython 3.14 in an image, where pointers have 32 bits.

Each type is found by its name, and has to be there exactly once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fastly_compute.cli.component.memory import Memory
from fastly_compute.cli.component.wasm.binary import ComposeError

_WORD = 4
# In words: where in an object of each type what is read here stands.
_TYPE, _LENGTH = 1, 2
_TYPE_NAME, _TYPE_DICT = 3, 33
_MODULE_DICT = 2
_CODE_FILE = 20
_FUNCTION_GLOBALS, _FUNCTION_CODE = 2, 6
_DICT_KEYS = 6
_KEYS_LAYOUT, _KEYS_COUNT, _KEYS_INDEX = 1, 4, 5
_STR_STATE = 4
_COMPACT, _ASCII = 0x20, 0x40  # of a string's state, with the bytes of a character in between
_STR_TEXT, _WIDE_TEXT = 20, 28  # in bytes
_ENCODINGS = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}
_LONGEST = 1000
# Where in a chunk its object starts: after the allocator's head, and after what the garbage
# collector keeps, and after the pointers to its dictionary and to its weak references.
_STARTS = (8, 16, 24)


@dataclass(frozen=True, slots=True)
class _Entry:
    """How large an entry of a dictionary is, and where in it the key is, in words."""

    words: int
    key: int


# By the kind of the table: one whose keys may be anything, and one whose keys are strings.
_ENTRIES = {0: _Entry(words=3, key=1), 1: _Entry(words=2, key=0)}


class Objects:
    """The objects in a memory.

    Attributes:
        memory: The memory.
        chunk_at: The indices of chunks by the addresses where an object of theirs may start.

    Raises:
        ComposeError: It is not the memory of a CPython that is known.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._words = memory.words
        self.chunk_at = {
            chunk.start + start: index
            for index, chunk in enumerate(memory.chunks)
            for start in _STARTS
        }
        names = ("code", "dict", "function", "module", "str", "type")
        types = self._types(frozenset(name.encode() for name in names))
        self._code, self._dict, self._function, self._module, self._str, self._meta = (
            types[name.encode()] for name in names
        )

    def _types(self, names: frozenset[bytes]) -> dict[bytes, int]:
        """Find static types by their names."""
        selves = [
            index * _WORD
            for index, word in enumerate(self._words[_TYPE:])
            if index and word == index * _WORD
        ]
        metas = [address for address in selves if self._c_string(address, _TYPE_NAME) == b"type"]
        if len(metas) != 1:
            raise ComposeError("cannot read the app: its Python is not the one that is known")
        found: dict[bytes, list[int]] = {name: [] for name in names}
        for address in self._instances_anywhere(metas[0]):
            name = self._c_string(address, _TYPE_NAME)
            if name in names and address not in self.chunk_at:
                found[name].append(address)
        if any(len(addresses) != 1 for addresses in found.values()):
            raise ComposeError("cannot read the app: its Python is not the one that is known")
        return {name: address for name, (address,) in found.items()}

    def _instances_anywhere(self, kind: int) -> Iterator[int]:
        pattern, data = kind.to_bytes(_WORD, "little"), self.memory.data
        place = data.find(pattern)
        while place >= 0:
            if place % _WORD == 0:
                yield place - _TYPE * _WORD
            place = data.find(pattern, place + 1)

    def _instances(self, kind: int) -> Iterator[tuple[int, int]]:
        """List the objects of a type on the heap: the chunk of each, and its address."""
        for address in self._instances_anywhere(kind):
            chunk = self.chunk_at.get(address)
            if chunk is not None:
                yield chunk, address

    def modules(self) -> Iterator[tuple[int, int]]:
        """List the modules: the chunk of each, and the address of its namespace."""
        for chunk, address in self._instances(self._module):
            yield chunk, self._field(address, _MODULE_DICT)

    def code(self) -> Iterator[tuple[int, str]]:
        """List the code objects: the chunk of each, and its file."""
        for chunk, address in self._instances(self._code):
            file = self.string(self._field(address, _CODE_FILE))
            if file is not None:
                yield chunk, file

    def functions(self) -> Iterator[tuple[int, int, int]]:
        """List the functions: the chunk of each, and the addresses of its globals and its code."""
        for chunk, address in self._instances(self._function):
            yield (
                chunk,
                self._field(address, _FUNCTION_GLOBALS),
                self._field(address, _FUNCTION_CODE),
            )

    def classes(self) -> Iterator[tuple[int, int]]:
        """List the classes that are not the interpreter's: the chunk of each, and the namespace."""
        for chunk, address in self._instances(self._meta):
            yield chunk, self._field(address, _TYPE_DICT)

    def string(self, address: int) -> str | None:
        """Read a string; None if the address is that of something else."""
        if not self._is(address, self._str):
            return None
        length = self._field(address, _LENGTH)
        state = self._field(address, _STR_STATE)
        width = state >> 2 & 7
        if length > _LONGEST or width not in _ENCODINGS or not state & _COMPACT:
            return None
        start = address + (_STR_TEXT if state & _ASCII else _WIDE_TEXT)
        text = self.memory.data[start : start + length * width]
        return text.decode(_ENCODINGS[width], "replace")

    def items(self, address: int) -> Iterator[tuple[str, int]]:
        """List a dictionary's items whose keys are strings: the key, and the value's address."""
        if not self._is(address, self._dict):
            return
        keys = self._field(address, _DICT_KEYS)
        if keys not in self.chunk_at:
            return
        layout = self._field(keys, _KEYS_LAYOUT)
        index_bytes, entry = 1 << (layout >> 8 & 0xFF), _ENTRIES.get(layout >> 16 & 0xFF)
        if entry is None:
            return
        first = _KEYS_INDEX + index_bytes // _WORD
        for number in range(self._field(keys, _KEYS_COUNT)):
            key = self.string(self._field(keys, first + number * entry.words + entry.key))
            if key is not None:
                yield key, self._field(keys, first + number * entry.words + entry.key + 1)

    def value(self, namespace: int, key: str) -> int:
        """Return the address of a value in a namespace; 0 if it has no such key."""
        return next((value for name, value in self.items(namespace) if name == key), 0)

    def text(self, namespace: int, key: str) -> str | None:
        """Read a string of a namespace, such as ``__name__``."""
        return self.string(self.value(namespace, key))

    def strings(self, chunk: int) -> Iterator[str]:
        """List the strings that something in a chunk points to."""
        piece = self.memory.chunks[chunk]
        for word in self._words[piece.start // _WORD + 2 : piece.end // _WORD]:
            found = self.string(word)
            if found is not None:
                yield found

    def references(self, chunk: int) -> Iterator[int]:
        """List the chunks that something in a chunk points to."""
        piece = self.memory.chunks[chunk]
        for word in self._words[piece.start // _WORD + 2 : piece.end // _WORD]:
            other = self.chunk_at.get(word)
            if other is not None:
                yield other

    def _field(self, address: int, index: int) -> int:
        place = address // _WORD + index
        return self._words[place] if place < len(self._words) else 0

    def _is(self, address: int, kind: int) -> bool:
        return address != 0 and address % _WORD == 0 and self._field(address, _TYPE) == kind

    def _c_string(self, address: int, index: int) -> bytes:
        start = self._field(address, index)
        return self.memory.data[start : start + 64].partition(b"\0")[0]
