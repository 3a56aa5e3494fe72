"""The host's gzip decompression: complete or an error, and in limited chunks."""

import gzip
import random

import pytest

from fastly_compute.local.interfaces.gunzip import Gunzipped
from fastly_compute.local.transport import BodyFailure

TEXT = random.Random(1).randbytes(50_000) + b"text" * 50_000
PACKED = gzip.compress(TEXT)


class Arriving:
    """A body that arrives in pieces of a fixed size."""

    def __init__(self, content: bytes, size: int) -> None:
        self._pieces = [content[at : at + size] for at in range(0, len(content), size)]

    def read_chunk(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self._pieces.clear()


def chunks(content, size):
    return list(iter(Gunzipped(Arriving(content, size)).read_chunk, b""))


@pytest.mark.parametrize("size", [1, 7, 1000, 65_536, 10**9])
def test_it_is_decompressed_however_it_arrives(size):
    assert b"".join(chunks(PACKED, size)) == TEXT


@pytest.mark.parametrize("size", [1000, 65_536, 10**9])
def test_highly_compressed_data_comes_in_chunks_of_64_kib(size):
    found = chunks(gzip.compress(bytes(64_000_000)), size)

    assert sum(map(len, found)) == 64_000_000
    assert max(map(len, found)) == 65_536


@pytest.mark.parametrize("size", [1, 10**9])
@pytest.mark.parametrize(
    "more", [gzip.compress(b"more"), bytes(8), b"!"], ids=["member", "zeros", "garbage"]
)
def test_data_after_the_first_member_is_an_error(more, size):
    with pytest.raises(BodyFailure, match="has data after the first gzip member"):
        chunks(PACKED + more, size)


@pytest.mark.parametrize("size", [1, 10**9])
@pytest.mark.parametrize("length", [0, 1, 10, len(PACKED) - 1])
def test_a_truncated_body_fails(length, size):
    with pytest.raises(BodyFailure, match="is truncated"):
        chunks(PACKED[:length], size)
