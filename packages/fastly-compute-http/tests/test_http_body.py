import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core import HandleClosed
from fastly_compute.http import Body

pieces = st.lists(st.binary(max_size=6), max_size=6)
lines = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\r"]), max_size=12)


@pytest.mark.parametrize(
    "content", [b"caf\xc3\xa9", "café", bytearray(b"caf\xc3\xa9"), memoryview(b"caf\xc3\xa9")]
)
def test_bytes_and_text_are_read_as_utf_8(content):
    assert Body(content).read() == "café".encode()


def test_a_binary_file_is_read_from_its_position():
    file = io.BytesIO(b"0123456789")
    file.seek(4)

    assert Body(file).read() == b"456789"


def test_closing_a_body_leaves_its_file_open():
    file = io.BytesIO(b"abc")
    body = Body(file)

    body.close()

    assert not file.closed


def test_closing_a_body_closes_its_generator():
    ended = []

    def produce():
        try:
            yield b"a"
            yield b"b"
        finally:
            ended.append(True)

    with Body(produce()) as body:
        body.read(1)

    assert ended == [True]


@pytest.mark.parametrize("content", [5, None, {"a": "b"}, Body(b"x")])
def test_content_of_another_type_is_refused(content):
    with pytest.raises(TypeError, match=f"not {type(content).__name__}"):
        Body(content)


def test_pieces_that_are_not_bytes_are_refused():
    body = Body(iter([b"a", "b"]))

    with pytest.raises(TypeError, match="must be bytes, not str"):
        body.read()


def test_a_piece_that_is_none_is_not_the_end():
    with pytest.raises(TypeError, match="must be bytes, not NoneType"):
        Body(iter([b"a", None, b"b"])).read()


def test_a_non_blocking_file_without_data_is_refused():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with (
        os.fdopen(writing, "wb"),
        os.fdopen(reading, "rb", buffering=0) as file,
        pytest.raises(TypeError, match="must be bytes, not NoneType"),
    ):
        Body(file).read()


def test_a_file_in_text_mode_is_refused():
    with pytest.raises(TypeError, match="must be bytes, not str"):
        Body(io.StringIO("text")).read()


@given(pieces, st.integers(1, 7))
def test_read_returns_the_requested_size_until_the_end(parts, size):
    body = Body(iter(parts))
    whole = b"".join(parts)

    got = list(iter(lambda: body.read(size), b""))

    assert got == [whole[at : at + size] for at in range(0, len(whole), size)]
    assert body.closed


@given(pieces, st.integers(1, 7))
def test_iter_bytes_gives_the_pieces_as_they_come(parts, size):
    got = list(Body(iter(parts)).iter_bytes(size))

    assert b"".join(got) == b"".join(parts)
    assert all(1 <= len(piece) <= size for piece in got)


def test_iter_bytes_does_not_wait_for_a_full_piece():
    body = Body(iter([b"a", b"b"]))

    assert next(body.iter_bytes()) == b"a"


@given(lines)
def test_lines_end_with_a_line_feed_and_an_optional_carriage_return(parts):
    expected = [line.removesuffix(b"\r") for line in b"".join(parts).split(b"\n")]
    if b"".join(parts).endswith(b"\n") or not parts:
        expected.pop()
    elif b"".join(parts).endswith(b"\r"):
        expected[-1] += b"\r"

    assert list(Body(iter(parts)).iter_lines()) == expected


@pytest.mark.parametrize("content", [b"one\ntwo\nthree", [b"on", b"e\nt", b"wo\nthree"]])
def test_the_rest_after_a_line_can_still_be_read(content):
    body = Body(content)

    assert next(body.iter_lines()) == b"one"
    assert next(body.iter_lines()) == b"two"
    assert body.read() == b"three"


def test_a_read_of_zero_bytes_is_not_the_end():
    body = Body(b"abc")

    assert body.read(0) == b""
    assert body.read() == b"abc"


@pytest.mark.parametrize(
    "use",
    [
        Body.read,
        lambda body: list(body.iter_bytes()),
        lambda body: list(body.iter_lines()),
        lambda body: list(iter(lambda: body.read(2), b"")),
    ],
)
def test_a_body_that_was_read_cannot_be_read_again(use):
    body = Body(b"abc")
    use(body)

    with pytest.raises(HandleClosed, match="this Body was already read to its end"):
        body.read()
    with pytest.raises(HandleClosed):
        body.read(0)
    with pytest.raises(HandleClosed):
        body.iter_bytes()
    with pytest.raises(HandleClosed):
        body.iter_lines()


def test_a_closed_body_cannot_be_read():
    body = Body(b"abc")
    body.close()
    body.close()

    assert body.closed
    with pytest.raises(HandleClosed, match="this Body is closed"):
        body.read()


def test_a_body_that_failed_does_not_look_complete_afterwards():
    def produce():
        yield b"half"
        raise OSError("gone")

    body = Body(produce())

    with pytest.raises(OSError, match="gone"):
        body.read()
    with pytest.raises(HandleClosed, match="failed while it was read"):
        body.read()


def test_a_size_below_one_is_refused():
    with pytest.raises(ValueError, match="size must be at least 1, not 0"):
        Body(b"abc").iter_bytes(0)


def test_the_repr_shows_no_content():
    body = Body(b"secret")

    assert repr(body) == "<Body of 6 bytes>"
    assert repr(Body(iter([]))) == "<Body>"
    body.close()
    assert repr(body) == "<Body that is closed>"
