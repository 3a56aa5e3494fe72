"""A full cache evicts the least recently used objects."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.local.clock import Clock
from fastly_compute.local.state import CacheData, WriteOptions

MINUTE = 60 * 10**9
KIB = 1024
LIMIT = 64 * KIB


@pytest.fixture
def data() -> CacheData:
    return CacheData(Clock(lambda: 1000.0), limit=LIMIT)


def put(data, key, size=7 * KIB, **options):
    stored = data.insert(key, (), WriteOptions(max_age=MINUTE, **options))
    stored.body.write(bytes(size))
    stored.body.finish(())
    return stored


def left(data, keys):
    return [key for key in keys if data.lookup(key, ()) is not None]


def test_objects_within_the_limit_are_kept(data) -> None:
    for key in range(7):
        put(data, key)

    assert left(data, range(7)) == list(range(7))


def test_the_least_recently_used_is_evicted_first(data) -> None:
    for key in range(7):
        put(data, key)
    data.lookup(0, ())
    put(data, 7)
    put(data, 8)

    assert left(data, range(9)) == [0, 3, 4, 5, 6, 7, 8]


def test_a_transaction_counts_as_use(data) -> None:
    for key in range(7):
        put(data, key)
    data.begin(0, ()).close()
    put(data, 7)
    put(data, 8)

    assert 0 in left(data, range(9))


def test_an_object_larger_than_the_cache_is_readable_but_not_kept(data) -> None:
    put(data, "small")
    stored = data.insert("large", (), WriteOptions(max_age=MINUTE))
    reader = stored.body.reader()
    for _ in range(3):
        stored.body.write(bytes(LIMIT))
    stored.body.finish(())

    assert left(data, ["small", "large"]) == []
    assert sum(map(len, iter(reader.read_chunk, b""))) == 3 * LIMIT
    put(data, "next")
    assert left(data, ["next"]) == ["next"]


def test_objects_without_content_count_too(data) -> None:
    for key in range(1000):
        put(data, key, size=0)

    assert 20 < len(left(data, range(1000))) <= LIMIT // KIB


def test_purged_objects_make_room(data) -> None:
    for key in range(7):
        put(data, key, surrogate_keys=frozenset({"old"} if key < 6 else ()))
    data.purge("old", soft=False)
    for key in range(7, 12):
        put(data, key)

    assert left(data, range(12)) == [6, 7, 8, 9, 10, 11]


def test_an_object_that_is_updated_counts_once(data) -> None:
    put(data, "key", 40 * KIB, stale_while_revalidate=MINUTE)
    for _ in range(100):
        data.purge_key("key", soft=True)
        obligation = data.begin("key", ()).outcome.obligation
        obligation.update(WriteOptions(max_age=MINUTE))

    assert left(data, ["key"]) == ["key"]


def test_waiting_lookups_are_not_evicted(data) -> None:
    first, second = data.begin("key", ()), data.begin("key", ())
    for key in range(100):
        put(data, key)
    first.close()

    assert second.outcome.obligation is not None


def test_an_evicted_obligation_can_be_met(data) -> None:
    obligation = data.begin("key", ()).outcome.obligation
    for key in range(100):
        put(data, key)
    stored = obligation.insert(WriteOptions(max_age=MINUTE))
    stored.body.finish(())

    assert left(data, ["key"]) == ["key"]


def test_a_transaction_can_be_closed_twice_and_its_key_is_dropped(data) -> None:
    first, second = data.begin("key", ()), data.begin("key", ())
    second.close()
    first.close()
    for key in range(100):
        put(data, key)
    second.close()

    assert data.begin("key", ()).outcome.obligation is not None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2 * LIMIT)), max_size=30))
def test_the_limit_is_never_exceeded(puts) -> None:
    data = CacheData(Clock(lambda: 1000.0), limit=LIMIT)
    for key, size in puts:
        put(data, key, size)
        found = [data.lookup(key, ()) for key in range(6)]

        assert sum(item.length for item in found if item is not None) <= LIMIT


def test_concurrent_writers_do_not_deadlock(data) -> None:
    def write(number) -> None:
        for key in range(50):
            put(data, (number, key))

    threads = [threading.Thread(target=write, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not any(thread.is_alive() for thread in threads)
    keys = [(number, key) for number in range(4) for key in range(50)]
    assert 5 <= len(left(data, keys)) <= 8
