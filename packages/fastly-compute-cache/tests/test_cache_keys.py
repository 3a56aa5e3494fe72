"""Valid and invalid keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import cache
from fastly_compute.cache import InvalidCacheOption, InvalidKey
from fastly_compute.cache.keys import key_bytes, purge_key


@pytest.mark.parametrize("key", ["a", b"a", "größe", b"\0\xff", "x" * 4096, b"x" * 4096])
def test_text_and_bytes_of_up_to_4096_bytes_are_keys(host, key) -> None:
    cache.set(key, b"simple", ttl=60)
    with cache.insert(key, cache.WriteOptions(max_age=60)) as body:
        body.write(b"core")

    assert cache.get(key).read() == b"simple"
    with cache.lookup(key) as entry:
        assert entry.body().read() == b"core"


def test_text_and_its_utf_8_are_the_same_key(host) -> None:
    cache.set("größe", b"value", ttl=60)

    assert cache.get("größe".encode()).read() == b"value"


@pytest.mark.parametrize("key", ["", b"", "x" * 4097, b"x" * 4097, "ü" * 2049])
@pytest.mark.parametrize(
    "call",
    [
        cache.get,
        cache.purge,
        cache.lookup,
        cache.transaction,
        cache.transaction_async,
        cache.replace,
        lambda key: cache.set(key, b"", ttl=1),
        lambda key: cache.get_or_set(key, bytes, ttl=1),
        lambda key: cache.insert(key, cache.WriteOptions(max_age=1)),
    ],
)
def test_a_key_that_is_too_short_or_long_never_reaches_a_host(call, key) -> None:
    with pytest.raises(InvalidKey, match="a cache key has 1 to 4096 bytes, not"):
        call(key)


def test_text_that_utf_8_cannot_represent_is_refused() -> None:
    with pytest.raises(InvalidKey, match="UTF-8 can hold"):
        cache.get("half of \ud83d")


@pytest.mark.parametrize("key", [None, 7, bytearray(b"x"), ("a",)])
def test_a_key_of_another_type_is_refused(key) -> None:
    with pytest.raises(TypeError, match="a cache key must be str or bytes"):
        cache.get(key)


@given(st.binary(min_size=1, max_size=50), st.binary(min_size=1, max_size=50))
def test_each_key_has_its_own_surrogate_key(one, other) -> None:
    name = purge_key(one)

    assert name.isascii()
    assert name.isprintable()
    assert " " not in name
    assert (name == purge_key(other)) == (one == other)
    assert key_bytes(one) == one


@pytest.mark.parametrize("keys", ["a", "a b", ["a", "b"], ("x" * 1024,), ["x" * 1023] * 16])
def test_surrogate_keys_are_a_str_or_a_sequence(host, keys) -> None:
    with cache.insert("key", cache.WriteOptions(max_age=60, surrogate_keys=keys)) as body:
        body.write(b"x")

    assert cache.lookup("key").found


@pytest.mark.parametrize(
    "keys",
    ["", " ", "a  b", ["a b"], ["a", ""], ["ü"], ["a\n"], ["x" * 1025], ["x" * 1024] * 16, []],
)
def test_invalid_surrogate_keys_are_refused(keys) -> None:
    with pytest.raises(InvalidCacheOption, match="surrogate_keys: "):
        cache.WriteOptions(max_age=60, surrogate_keys=keys)
