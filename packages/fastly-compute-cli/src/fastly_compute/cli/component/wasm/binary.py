"""The numbers, names and vectors that components and core modules are written with."""

from collections.abc import Iterable, Sequence

_U32_LIMIT = 1 << 32


class ComposeError(ValueError):
    """A component could not be read or composed.

    The message says what was read, at which byte, what was expected there and what was found.
    """


class Reader:
    """Reads forward through a part of a binary.

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
        position = self.position
        if position >= self._end:
            self.skip(1, expected)
        self.position = position + 1
        return self._data[position]

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
        if start < self._end and self._data[start] < 0x80:  # most are small
            self.position = start + 1
            return self._data[start]
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


def u32(value: int) -> bytes:
    """Writes a number in LEB128."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def s32(value: int) -> bytes:
    """Writes the 32 bits of a number in signed LEB128."""
    value -= (value >> 31) << 32
    encoded = bytearray()
    while not -0x40 <= value < 0x40:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value & 0x7F)
    return bytes(encoded)


def name(value: str) -> bytes:
    """Writes a string with its length before it."""
    encoded = value.encode()
    return u32(len(encoded)) + encoded


def vector(entries: Sequence[bytes]) -> bytes:
    """Writes entries with their number before them."""
    return u32(len(entries)) + b"".join(entries)


def section(number: int, content: bytes) -> bytes:
    """Writes a section."""
    return bytes([number]) + u32(len(content)) + content
