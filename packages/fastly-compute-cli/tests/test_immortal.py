"""Objects of an image whose references are not counted."""

import struct
from collections.abc import Callable, Iterable

import pytest

from fastly_compute.cli.component.componentize import Addresses
from fastly_compute.cli.component.immortal import immortalize
from fastly_compute.cli.component.wasm.binary import ComposeError

Component = Callable[[dict[int, bytes]], bytes]

IMMORTAL = 5 << 28
NONE, KIND = 1000, 2000
START = 1 << 20
COUNTED, UNCOUNTED = 7, 8


def found(objects: Iterable[int], loads: Iterable[tuple[int, int]] = ()) -> Addresses:
    return Addresses(NONE, [KIND], list(objects), list(loads), COUNTED, UNCOUNTED)


def heads(*objects: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<iI", *one) for one in objects)


def test_objects_of_known_kinds_are_made_immortal_and_others_are_left_alone(
    component_with: Component,
) -> None:
    objects = heads((3, KIND), (1, KIND), (1, KIND + 8), (0, KIND), (START, KIND), (7 << 28, KIND))
    app = component_with({NONE: heads((7 << 28, 1)), START: objects})
    addresses = range(START, START + len(objects), 8)
    result = immortalize(app, found(addresses))

    assert result == app.replace(objects, heads((IMMORTAL, KIND)) * 2 + objects[16:])


def test_instructions_no_longer_count_references_to_what_is_immortal(
    component_with: Component,
) -> None:
    objects = heads((1, KIND), (1, KIND + 8), (7 << 28, KIND + 8))
    immortal, counted, immortal_before = range(START, START + len(objects), 8)
    code = START + 100
    instructions = bytes([COUNTED, 0, COUNTED, 1, COUNTED, 2, 9, 0, COUNTED, 3])
    app = component_with(
        {NONE: heads((7 << 28, 1)), START: objects, code: instructions + b"the end"}
    )
    constants = [immortal, counted, immortal_before, immortal, START + 4096]
    loads = [(code + 2 * index, constant) for index, constant in enumerate(constants)]
    result = immortalize(app, found([immortal], [*loads, (START + 8192, immortal)]))

    assert bytes([UNCOUNTED, 0, COUNTED, 1, UNCOUNTED, 2, 9, 0, COUNTED, 3]) + b"the end" in result


def test_what_the_image_does_not_hold_whole_is_left_alone(
    component_with: Component,
) -> None:
    app = component_with({NONE: heads((7 << 28, 1)), START: heads((1, KIND))[:6]})

    assert immortalize(app, found([8, START, START + 4, START + 4096])) == app


@pytest.mark.parametrize("at_none", [{}, {NONE: heads((5, 1))}])
def test_an_interpreter_that_is_not_known_is_refused(
    at_none: dict[int, bytes], component_with: Component
) -> None:
    with pytest.raises(ComposeError, match="its interpreter is not the one that is known"):
        immortalize(component_with({START: heads((1, KIND)), **at_none}), found([START]))


def test_a_damaged_component_is_refused(component_with: Component) -> None:
    app = component_with({NONE: heads((7 << 28, 1))})

    with pytest.raises(ComposeError, match="cannot read"):
        immortalize(app[:-3], found([START]))
