"""Finds the instructions that count references to constants, which the build makes immortal.

CPython specializes the loading of a constant by whether it is immortal at that time. A constant
that becomes immortal later would still be counted each time: that writes to its page.
"""

import opcode
import types
from collections.abc import Iterable, Iterator
from typing import Any

_COUNTED, _UNCOUNTED = "LOAD_CONST_MORTAL", "LOAD_CONST_IMMORTAL"
_INSTRUMENTED = "INSTRUMENTED_"
_HIDING = ("INSTRUMENTED_LINE", "INSTRUMENTED_INSTRUCTION")  # the instruction that they stand for
_INSTRUCTION = 2  # in bytes: the opcode and its argument


class Loads:
    """Knows the interpreter's instructions.

    Attributes:
        counted: The opcode that loads a constant and counts a reference to it.
        uncounted: The opcode that loads an immortal one.
    """

    def __init__(self) -> None:
        known: Any = opcode
        specialized = known._specialized_opmap
        self.counted: int = specialized[_COUNTED]
        self.uncounted: int = specialized[_UNCOUNTED]
        general = {one: name for name, ones in known._specializations.items() for one in ones}
        self._caches = {
            number: known._inline_cache_entries.get(
                general.get(name, name).removeprefix(_INSTRUMENTED), 0
            )
            for name, number in {**opcode.opmap, **specialized}.items()
            if name not in _HIDING
        }
        self._extended = opcode.EXTENDED_ARG

    def find(self, codes: Iterable[types.CodeType]) -> Iterator[tuple[int, object]]:
        """Find the instructions that count: the address of each, and the constant it loads."""
        start = types.CodeType.__basicsize__
        for code in codes:
            adaptive: bytes = code._co_code_adaptive  # type: ignore[attr-defined]
            if self.counted in adaptive[::_INSTRUCTION]:
                for offset, index in self._counted_in(adaptive):
                    yield id(code) + start + offset, code.co_consts[index]

    def _counted_in(self, adaptive: bytes) -> Iterator[tuple[int, int]]:
        offset = argument = 0
        while offset < len(adaptive):
            number = adaptive[offset]
            argument = argument << 8 | adaptive[offset + 1]
            if number == self.counted:
                yield offset, argument
            if number not in self._caches:
                return
            if number != self._extended:
                argument = 0
            offset += _INSTRUCTION * (1 + self._caches[number])
