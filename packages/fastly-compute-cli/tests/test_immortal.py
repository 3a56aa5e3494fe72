"""Objects of an image whose references are not counted."""

import struct

import pytest

from fastly_compute.cli.component.immortal import immortalize
from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.component import PREAMBLE

IMMORTAL = 5 << 28
NONE, KIND = 1000, 2000
START = 1 << 20


def leb(value: int) -> bytes:
    """Write a number as i32.const has it."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        if value in {0, -1} and bool(byte & 0x40) == bool(value):
            return bytes([*out, byte])
        out.append(byte | 0x80)


def sized(content: bytes) -> bytes:
    return leb_unsigned(len(content)) + content


def leb_unsigned(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def component(segments: dict[int, bytes]) -> bytes:
    """A component in a component with a core module that has these data, and a passive segment."""
    data = b"".join(b"\0\x41" + leb(at) + b"\x0b" + sized(part) for at, part in segments.items())
    content = leb_unsigned(len(segments) + 1) + data + b"\1" + sized(b"passive")
    module = b"\0asm\1\0\0\0" + b"\0" + sized(b"\4name") + b"\x0b" + sized(content)
    inner = PREAMBLE + b"\1" + sized(module)
    return PREAMBLE + b"\4" + sized(inner)


def heads(*objects: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<iI", *one) for one in objects)


def test_objects_of_known_kinds_are_made_immortal_and_others_are_left_alone() -> None:
    objects = heads((3, KIND), (1, KIND), (1, KIND + 8), (0, KIND), (START, KIND), (7 << 28, KIND))
    app = component({NONE: heads((7 << 28, 1)), START: objects})
    addresses = range(START, START + len(objects), 8)
    result = immortalize(app, NONE, [KIND], addresses)

    assert result == app.replace(objects, heads((IMMORTAL, KIND)) * 2 + objects[16:])


def test_what_the_image_does_not_hold_whole_is_left_alone() -> None:
    app = component({NONE: heads((7 << 28, 1)), START: heads((1, KIND))[:6]})

    assert immortalize(app, NONE, [KIND], [8, START, START + 4, START + 4096]) == app


@pytest.mark.parametrize("at_none", [{}, {NONE: heads((5, 1))}])
def test_an_interpreter_that_is_not_known_is_refused(at_none) -> None:
    with pytest.raises(ComposeError, match="its interpreter is not the one that is known"):
        immortalize(component({START: heads((1, KIND)), **at_none}), NONE, [KIND], [START])


def test_a_damaged_component_is_refused() -> None:
    app = component({NONE: heads((7 << 28, 1))})

    with pytest.raises(ComposeError, match="cannot read"):
        immortalize(app[:-3], NONE, [KIND], [START])
