"""Gives what the code of functions refers to other numbers.

Most of a function's bytes refer to nothing outside it. One pattern passes over as many such
instructions as there are, so that Python looks only at the others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastly_compute.cli.component.wasm.binary import ComposeError, Reader, s32, u32

_LEB = rb"[\x80-\xff]*+[\x00-\x7f]"
_PLAIN = re.compile(
    rb"(?:"
    # unreachable, nop, else, end, return, drop, select; comparisons, arithmetic, conversions
    rb"[\x00\x01\x05\x0b\x0f\x1a\x1b\x45-\xc4]"
    # block, loop and if of no result or one; select with a type
    rb"|[\x02-\x04][\x40\x7c-\x7f]|\x1c\x01[\x7c-\x7f]"
    # br, br_if; local.get, local.set, local.tee; i32.const, i64.const
    rb"|[\x0c\x0d\x20-\x22\x41\x42]"
    + _LEB
    +
    # loads and stores; an alignment of 64 and more would name a memory
    rb"|[\x28-\x3e][\x00-\x3f]"
    + _LEB
    +
    # memory.size and memory.grow; f32.const and f64.const
    rb"|[\x3f\x40]\x00|\x43.{4}|\x44.{8}"
    # conversions that saturate, memory.copy, memory.fill
    rb"|\xfc(?:[\x00-\x07]|\x0a\x00\x00|\x0b\x00)"
    rb")*+",
    re.DOTALL,
)
_INDEX = re.compile(_LEB)
_CALL, _CALL_INDIRECT, _GLOBAL_GET, _GLOBAL_SET = 0x10, 0x11, 0x23, 0x24
_BLOCKS = range(0x02, 0x05)
_BR_TABLE = 0x0E
_REF_FUNC = 0xD2


@dataclass(frozen=True, slots=True)
class IndexRemapping:
    """New numbers for the indices of a module, one list for each index space."""

    types: Sequence[int]
    functions: Sequence[int]
    globals: Sequence[int]

    def code(self, data: bytes, bodies: Sequence[tuple[int, int]], place: str) -> list[bytes]:
        """Renumber functions.

        Args:
            data: The module that they are in.
            bodies: Where they start and end.
            place: What they are part of, for messages.

        Returns:
            The functions as entries of a code section.

        Raises:
            ComposeError: One has an instruction that is not known here.
        """
        functions, globals_ = list(map(u32, self.functions)), list(map(u32, self.globals))
        # The type of a block is signed: a negative one is not an index.
        blocks = list(map(s32, self.types))
        spaces: Mapping[int, Sequence[bytes]] = {
            _CALL: functions,
            _REF_FUNC: functions,
            _GLOBAL_GET: globals_,
            _GLOBAL_SET: globals_,
            _CALL_INDIRECT: list(map(u32, self.types)),
            **dict.fromkeys(_BLOCKS, blocks),
        }
        entries = []
        for start, end in bodies:
            parts: list[bytes] = []
            position = copied = _after_locals(data, start, end, place)
            parts.append(data[start:position])
            while True:
                plain = _PLAIN.match(data, position, end)
                position = plain.end() if plain else position
                if position == end:
                    break
                opcode = data[position]
                if opcode == _BR_TABLE:
                    position = _after_branches(data, position + 1, end, place)
                    continue
                space = spaces.get(opcode)
                index = _INDEX.match(data, position + 1, end)
                # A block with one non-numeric result has a negative type, which is not an index.
                negative = index is not None and opcode in _BLOCKS and index[0][-1] & 0x40
                if space is None or index is None or negative:
                    raise ComposeError(
                        f"cannot read {place}: expected an instruction that is known at byte"
                        f" {position}, found {data[position : position + 2].hex(' ')}"
                    )
                try:
                    number = space[_unsigned(index[0])]
                except IndexError:
                    raise ComposeError(
                        f"cannot read {place}: expected one of {len(space)} at byte"
                        f" {position + 1}, found {_unsigned(index[0])}"
                    ) from None
                parts += (data[copied : position + 1], number)
                position = copied = index.end()
                if opcode == _CALL_INDIRECT:
                    position = _after_table(data, position, end, place)
            parts.append(data[copied:end])
            body = b"".join(parts)
            entries.append(u32(len(body)) + body)
        return entries


def _unsigned(encoded: bytes) -> int:
    value = 0
    for shift, byte in enumerate(encoded):
        value |= (byte & 0x7F) << 7 * shift
    return value


def _after_locals(data: bytes, start: int, end: int, place: str) -> int:
    reader = Reader(data, start, end, place)
    for _ in range(reader.u32("the number of locals")):
        reader.u32("how many locals of a type there are")
        reader.skip(1, "the type of locals")
    return reader.position


def _after_branches(data: bytes, start: int, end: int, place: str) -> int:
    reader = Reader(data, start, end, place)
    for _ in range(reader.u32("the number of labels") + 1):
        reader.u32("a label")
    return reader.position


def _after_table(data: bytes, start: int, end: int, place: str) -> int:
    reader = Reader(data, start, end, place)
    if reader.u32("a table"):
        raise reader.error("the first table", "another", start)
    return reader.position
