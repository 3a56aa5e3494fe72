"""Objects that are replaced."""

import gc

import pytest

from fastly_compute import cache
from fastly_compute.cache import CacheCallFailed, InvalidCacheOption, Replacement, WriteOptions
from fastly_compute.core import HandleClosed

KEPT = WriteOptions(max_age=60)


def stored(content, **options) -> None:
    with cache.insert("key", WriteOptions(max_age=60, **options)) as body:
        body.write(content)


@pytest.mark.parametrize("strategy", ["immediate", "immediate_force_miss", "wait"])
def test_an_object_is_read_and_replaced(host, strategy) -> None:
    stored(b"1", user_metadata=b"beside")
    with cache.replace("key", strategy=strategy) as old:
        known = (old.found, old.usable, old.stale, old.length, old.user_metadata)
        number = int(old.body().read())
        with old.insert(KEPT) as body:
            body.write(b"%d" % (number + 1))

    assert known == (True, True, False, 1, b"beside")
    assert cache.lookup("key").body().read() == b"2"


def test_a_missing_object_can_be_replaced_but_not_read(host) -> None:
    with cache.replace("key") as old:
        assert not old.found
        assert old.age is old.hits is old.user_metadata is None
        with pytest.raises(CacheCallFailed, match="cannot-read"):
            old.body()
        with old.insert(KEPT) as body:
            body.write(b"content")

    assert cache.lookup("key").body().read() == b"content"


def test_one_replacement_waits_for_the_other(host, guest) -> None:
    stored(b"0")

    def count() -> None:
        with cache.replace("key", strategy="wait") as old:
            number = int(old.body().read())
            with old.insert(KEPT) as body:
                body.write(b"%d" % (number + 1))

    for counting in [guest(count) for _ in range(20)]:
        counting.result(30)

    assert cache.lookup("key").body().read() == b"20"


@pytest.mark.parametrize("leave", ["close", "drop", "raise"])
def test_an_abandoned_replacement_does_not_block_others(host, leave) -> None:
    stored(b"old")
    replacement = cache.replace("key", strategy="wait")
    if leave == "close":
        replacement.close()
    elif leave == "drop":
        del replacement
        gc.collect()
    else:
        with pytest.raises(LookupError), replacement:
            raise LookupError

    with cache.replace("key", strategy="wait") as next_one:
        assert next_one.body().read() == b"old"


def test_a_replacement_is_used_up_by_its_insertion(host) -> None:
    replacement = cache.replace("key")
    replacement.insert(KEPT).finish()
    with pytest.raises(HandleClosed, match="was inserted"):
        replacement.insert(KEPT)
    replacement.close()


def test_there_are_three_strategies() -> None:
    with pytest.raises(InvalidCacheOption, match="strategy: must be one of immediate,"):
        cache.replace("key", strategy="soon")
    with pytest.raises(TypeError, match=r"use cache\.replace"):
        Replacement()
