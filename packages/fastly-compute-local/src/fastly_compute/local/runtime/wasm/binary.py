"""Read and write the sections and numbers of WebAssembly's binary format."""

from collections.abc import Sequence

MODULE = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"


class Reader:
    """Reads forward through bytes.

    Args:
        data: The bytes.
        position: Where to begin.
    """

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self.position >= len(self.data)

    def byte(self) -> int:
        """Read one byte.

        Raises:
            IndexError: The data end before it.
        """
        self.position += 1
        return self.data[self.position - 1]

    def take(self, length: int) -> bytes:
        """Read so many bytes.

        Raises:
            IndexError: There are fewer.
        """
        start = self.position
        self.position += length
        if self.position > len(self.data):
            raise IndexError(f"the data ends before byte {self.position}")
        return self.data[start : self.position]

    def number(self) -> int:
        """Read an unsigned number in LEB128."""
        value = shift = 0
        while (byte := self.byte()) >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def string(self) -> bytes:
        """Read bytes that follow their length, such as a name."""
        return self.take(self.number())

    def skip_number(self) -> bytes:
        """Read a number in LEB128 as it is written, signed or not."""
        start = self.position
        while self.byte() >= 0x80:
            pass
        return self.data[start : self.position]


def sections(data: bytes) -> list[tuple[int, bytes]]:
    """List the sections of a module or component: the number and content of each."""
    reader = Reader(data, len(MODULE))
    found = []
    while not reader.at_end:
        kind = reader.byte()
        found.append((kind, reader.string()))
    return found


def number(value: int) -> bytes:
    """Write an unsigned number in LEB128."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def string(value: bytes) -> bytes:
    """Write bytes after their length."""
    return number(len(value)) + value


def vector(entries: Sequence[bytes]) -> bytes:
    """Write entries after their count."""
    return number(len(entries)) + b"".join(entries)


def section(kind: int, content: bytes) -> bytes:
    """Write a section."""
    return bytes([kind]) + string(content)
