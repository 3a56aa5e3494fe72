"""Purging by surrogate key."""

import pytest

from fastly_compute import cache
from fastly_compute.cache import InvalidCacheOption, WriteOptions
from fastly_compute.http import CacheOptions, Request


def stored(key, surrogate_keys) -> None:
    options = WriteOptions(max_age=60, stale_while_revalidate=60, surrogate_keys=surrogate_keys)
    with cache.insert(key, options) as body:
        body.write(b"content")


def states() -> list[tuple[bool, bool]]:
    entries = [cache.lookup(key) for key in ("a", "b", "c")]
    return [(entry.found, entry.stale) for entry in entries]


def test_objects_with_the_key_are_removed(host) -> None:
    stored("a", "news home")
    stored("b", ["home"])
    stored("c", None)
    cache.purge_surrogate_key("news")

    assert states() == [(False, False), (True, False), (True, False)]


def test_objects_with_the_key_are_stale_after_a_soft_purge(host) -> None:
    stored("a", "news home")
    stored("b", ["home"])
    stored("c", "homes")
    cache.purge_surrogate_key("home", soft=True)

    assert states() == [(True, True), (True, True), (True, False)]


def test_the_platform_reports_a_purge(host) -> None:
    stored("a", "news")
    told = cache.purge_surrogate_key_verbose("news", soft=False)

    assert told["id"]
    assert not cache.lookup("a").found


def test_the_responses_of_backends_are_purged_too(compute_host) -> None:
    compute_host.backend("origin").get("/", text="news")
    request = Request(
        "GET", "http://origin.example/", cache=CacheOptions(ttl=60, surrogate_key="news")
    )
    for _ in range(2):
        request.send("origin").close()
    before = len(compute_host.calls)
    cache.purge_surrogate_key("news")
    request.send("origin").close()

    assert (before, len(compute_host.calls)) == (1, 2)


@pytest.mark.parametrize("purge", [cache.purge_surrogate_key, cache.purge_surrogate_key_verbose])
@pytest.mark.parametrize("key", ["", "two words", "größe", "x" * 1025, "a\n"])
def test_an_invalid_key_is_refused(purge, key) -> None:
    with pytest.raises(InvalidCacheOption, match="key: "):
        purge(key)


@pytest.mark.parametrize("key", [None, b"news", 7])
def test_a_key_of_another_type_is_refused(key) -> None:
    with pytest.raises(TypeError, match="key must be str"):
        cache.purge_surrogate_key(key)
