"""Values by key, with a time to live."""

from datetime import timedelta
from io import BytesIO

import pytest

from fastly_compute import cache
from fastly_compute.cache import CacheError, InvalidCacheOption
from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import Body, Request


def test_a_value_expires(host) -> None:
    missing = cache.get("key")
    cache.set("key", b"value", ttl=timedelta(minutes=1))
    host.clock.advance(59)
    kept = cache.get("key").read()
    host.clock.advance(1)

    assert (missing, kept, cache.get("key")) == (None, b"value", None)


def test_a_value_replaces_another(host) -> None:
    cache.set("key", b"old", ttl=60)
    cache.set("key", b"new", ttl=60)

    assert cache.get("key").read() == b"new"


def test_a_value_can_be_read_any_number_of_times(host) -> None:
    cache.set("key", b"value", ttl=60)

    assert [cache.get("key").read() for _ in range(3)] == [b"value"] * 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"value",
        lambda: "value",
        lambda: bytearray(b"value"),
        lambda: memoryview(b"value"),
        lambda: BytesIO(b"value"),
        lambda: [b"va", b"", b"lue"],
        lambda: (piece for piece in (b"va", b"lue")),
        lambda: Body(b"value"),
        lambda: Body([b"va", b"lue"]),
    ],
)
def test_a_value_is_anything_that_can_be_a_body(host, make) -> None:
    cache.set("one", make(), ttl=60)
    made = cache.get_or_set("two", make, ttl=60).read()

    assert (cache.get("one").read(), made, cache.get("two").read()) == (b"value",) * 3


@pytest.mark.parametrize("value", [None, 7, {"a": 1}])
def test_a_value_that_cannot_be_a_body_is_refused(host, value) -> None:
    with pytest.raises(TypeError, match="a body must be"):
        cache.set("key", value, ttl=60)
    with pytest.raises(TypeError, match="a body must be"):
        cache.get_or_set("key", lambda: value, ttl=60)

    assert cache.get_or_set("key", lambda: b"made", ttl=60).read() == b"made"


def test_an_empty_value_is_a_value(host) -> None:
    cache.set("key", b"", ttl=60)

    assert cache.get("key").read() == b""
    assert cache.get_or_set("key", pytest.fail, ttl=60).read() == b""


def test_a_large_value_is_kept_whole(host) -> None:
    value = bytes(range(256)) * 8192
    cache.set("key", value, ttl=60)

    assert cache.get("key").read() == value


def test_a_backends_body_is_kept_without_being_read(compute_host) -> None:
    compute_host.backend("origin").get("/", body=b"from the origin")
    calls = []

    def note(name, function, args):
        calls.append(name)
        return function(*args)

    compute_host.host.interpose = note
    body = Request("GET", "http://origin.example/").send("origin").body
    cache.set("key", body, ttl=60)
    called = list(calls)

    assert cache.get("key").read() == b"from the origin"
    assert "http-body.append" in called
    assert "http-body.read" not in called
    with pytest.raises(HandleClosed):
        body.read()


def test_a_value_is_made_once(host) -> None:
    made = []

    def make():
        made.append(1)
        return b"value"

    values = [cache.get_or_set("key", make, ttl=60).read() for _ in range(3)]
    host.clock.advance(60)
    values.append(cache.get_or_set("key", make, ttl=60).read())

    assert values == [b"value"] * 4
    assert len(made) == 2


def test_nothing_is_stored_if_making_a_value_fails(host) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.get_or_set("key", lambda: b"x" * (1 // 0), ttl=60)

    assert cache.get("key") is None
    assert cache.get_or_set("key", lambda: b"value", ttl=60).read() == b"value"


def failing():
    yield b"a part"
    raise LookupError("the rest")


def test_nothing_is_stored_if_a_value_is_aborted(host) -> None:
    with pytest.raises(LookupError, match="the rest"):
        cache.get_or_set("key", failing, ttl=60)
    with pytest.raises(LookupError, match="the rest"):
        cache.set("other", failing(), ttl=60)

    assert cache.get("key") is None
    assert cache.get("other") is None


def test_nothing_is_stored_if_the_body_was_used_up(host) -> None:
    used = Body([b"x"])
    used.read()
    with pytest.raises(HandleClosed):
        cache.set("key", used, ttl=60)

    assert cache.get("key") is None


def test_a_value_that_is_purged_is_gone(host) -> None:
    for key in ("one", b"two"):
        cache.set(key, b"value", ttl=60)
    cache.get_or_set("three", lambda: b"value", ttl=60).close()
    cache.purge("one")
    cache.purge("three")

    assert cache.get("one") is None
    assert cache.get("two").read() == b"value"
    assert cache.get("three") is None


def test_purging_a_missing_value_does_nothing(host) -> None:
    cache.purge("key")

    assert cache.get("key") is None


def test_the_simple_cache_and_the_core_cache_are_separate(host) -> None:
    cache.set("key", b"simple", ttl=60)

    assert not cache.lookup("key").found


@pytest.mark.parametrize("ttl", [-1, float("inf")])
def test_an_invalid_time_is_refused_before_the_value_is_made(ttl) -> None:
    with pytest.raises(InvalidCacheOption):
        cache.get_or_set("key", pytest.fail, ttl=ttl)
    with pytest.raises(InvalidCacheOption):
        cache.set("key", b"", ttl=ttl)


def test_no_time_at_all_is_a_value_for_once(host) -> None:
    value = cache.get_or_set("key", lambda: b"value", ttl=0).read()

    assert (value, cache.get("key")) == (b"value", None)


def test_without_a_host_there_is_no_cache() -> None:
    with pytest.raises(HostUnavailable):
        cache.get("key")


def test_every_exception_is_a_cache_error() -> None:
    with pytest.raises(CacheError):
        cache.get("")
