import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import Instance, Module, Store, wat2wasm

from fastly_compute.cli.component.wasm.app import read_app
from fastly_compute.cli.component.wasm.binary import ComposeError, s32, section, u32, vector
from fastly_compute.cli.component.wasm.core_module import segments
from fastly_compute.cli.component.wasm.pad_data import ALWAYS, dense, pad_data

PAGES = 64 * 16


def data_of(parts):
    """A data section."""
    return vector(
        [
            b"\0\x41" + s32(address) + b"\x0b" + u32(len(content)) + content
            for address, content in parts
        ]
    )


def memory_of(data):
    """The content of a memory that begins with a data section."""
    store = Store()
    head = bytes(wat2wasm(f'(module (memory (export "memory") {PAGES}))'))
    module = Module(store.engine, head + section(11, data))
    memory = Instance(store, module, []).exports(store)["memory"]
    return bytes(memory.read(store))


def figures(data):
    parts = list(segments(data, 0, len(data), "it"))
    first = min(part.address for part in parts)
    last = max(part.address + part.length for part in parts)
    return sum(part.length for part in parts), last - first


SPARSE = [(4096, b"first"), (ALWAYS // 2, b"middle"), (2 * ALWAYS, b"last")]


def test_an_image_with_gaps_becomes_dense_and_stays_the_same():
    data = data_of(SPARSE)
    result = dense(data)
    total, span = figures(result)

    assert total * 2 >= span
    assert total * 2 <= span + 4
    assert memory_of(result) == memory_of(data)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [(0, b"one")],
        [(0, b"near"), (ALWAYS - 4, b"near")],
        [(0, bytes(ALWAYS)), (2 * ALWAYS - 3, b"far")],
    ],
    ids=["none", "one", "near", "dense"],
)
def test_an_image_that_is_mapped_anyway_is_left_alone(parts):
    data = data_of(parts)

    assert dense(data) == data


def component(*data):
    """A component with a module that has these data, and one that has none."""
    text = f"""(component
        (core module (func))
        (core module
          (memory (export "memory") {PAGES})
          (func (export "one") (result i32) (i32.const 1))
          {" ".join(data)}))"""
    return bytes(wat2wasm(text))


def test_only_the_data_of_a_component_is_padded():
    app = component(*(f'(data (i32.const {at}) "{text.decode()}")' for at, text in SPARSE))
    before, after = read_app(app).modules, read_app(pad_data(app)).modules

    assert before[0].data == after[0].data
    assert figures(after[1].segments)[0] > ALWAYS // 2
    assert memory_of(after[1].segments) == memory_of(before[1].segments)
    Module.validate(Store().engine, after[1].data)
    assert (before[1].code, before[1].exports) == (after[1].code, after[1].exports)


def test_a_component_that_is_dense_stays_as_it_is():
    app = component('(data (i32.const 8) "near")')

    assert pad_data(app) == app


def test_data_that_is_referred_to_by_number_is_refused_where_padding_is_needed():
    far = f'(data (i32.const {2 * ALWAYS}) "far")'

    with pytest.raises(ComposeError, match="1 of its 3 segments are passive"):
        pad_data(component('(data (i32.const 8) "near")', '(data "passive")', far))


PLACES = st.lists(st.integers(0, 2 * ALWAYS // 64), min_size=2, max_size=8, unique=True)


@settings(deadline=None)
@given(PLACES, st.binary(min_size=1, max_size=64))
def test_wherever_the_gaps_are_nothing_changes_but_the_zeros(places, content):
    data = data_of([(64 * place, content) for place in places])
    result = dense(data)
    total, span = figures(result)

    assert span == figures(data)[1]
    assert span <= ALWAYS or total * 2 >= span
    assert {
        part.address: result[part.start : part.start + len(content)]
        for part in segments(result, 0, len(result), "it")
    } == {64 * place: content for place in places}
