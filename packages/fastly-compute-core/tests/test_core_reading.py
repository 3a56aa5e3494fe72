import pytest
from componentize_py_types import Err
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports.types import Error_BufferLen, Error_GenericError

from fastly_compute.core import read_items, read_sized


class Reads:
    """A host function that returns bytes, and records the sizes that it was called with."""

    def __init__(self, content, *, tells_size=True):
        self.content = content
        self.tells_size = tells_size
        self.offered = []

    def __call__(self, max_len):
        self.offered.append(max_len)
        if max_len < len(self.content):
            raise Err(Error_BufferLen(len(self.content) if self.tells_size else 0))
        return self.content


def test_a_value_that_fits_is_read_in_one_call():
    host = Reads(b"x" * 100)

    assert read_sized(host, first=100) == b"x" * 100
    assert host.offered == [100]


def test_the_size_that_the_host_asks_for_is_offered_next():
    host = Reads(b"x" * 1000)

    assert len(read_sized(host, first=10)) == 1000
    assert host.offered == [10, 1000]


def test_a_host_that_does_not_say_the_size_is_offered_twice_as_much_each_time():
    host = Reads(b"x" * 70, tells_size=False)

    assert len(read_sized(host, first=10)) == 70
    assert host.offered == [10, 20, 40, 80]


def test_a_host_that_always_wants_a_larger_buffer_raises_its_error():
    offered = []

    def never(max_len):
        offered.append(max_len)
        raise Err(Error_BufferLen(0))

    with pytest.raises(Err) as caught:
        read_sized(never)
    assert caught.value.value == Error_BufferLen(0)
    assert offered[-1] == 2**32


def test_another_error_of_the_host_is_raised():
    def fails(max_len):
        raise Err(Error_GenericError())

    with pytest.raises(Err) as caught:
        read_sized(fails)
    assert caught.value.value == Error_GenericError()


def pages(items, max_len, cursor, nul):
    """A host function that returns names or values as the WIT says: each followed by a NUL."""
    part = nul[:0]
    for index in range(cursor, len(items)):
        item = items[index] + nul
        if len(part) + len(item) > max_len:
            if not part:
                raise Err(Error_BufferLen(len(item)))
            return part, index
        part += item
    return part, None


names = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=30)


@given(st.lists(names, max_size=20), st.integers(1, 64))
def test_items_are_read_completely_and_in_order_with_any_buffer(items, first):
    assert read_items(lambda size, at: pages(items, size, at, "\0"), first=first) == items


@given(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\0", b"")), max_size=20))
def test_items_of_bytes_are_read_too(items):
    assert read_items(lambda size, at: pages(items, size, at, b"\0"), first=8) == items


def test_a_last_item_without_its_nul_is_not_lost():
    assert read_items(lambda size, at: ("a\0b", None)) == ["a", "b"]
