"""Obligations: which lookup stores an object, and which wait for it."""

import asyncio
import gc
from concurrent.futures import TimeoutError as StillWaiting
from datetime import timedelta
from threading import Event, Lock

import pytest

from fastly_compute import cache
from fastly_compute.cache import CacheError, NoObligation, WriteOptions
from fastly_compute.core import HandleClosed
from fastly_compute.http import Body, BodyError, WaitTimeout, gather, select

KEPT = WriteOptions(max_age=60, stale_while_revalidate=60)
MANY = 50


def is_obliged(key="key") -> bool:
    with cache.transaction(key) as entry:
        return entry.must_insert_or_update


def stored(content=b"content") -> None:
    with cache.insert("key", KEPT) as body:
        body.write(content)


def test_the_first_lookup_gets_the_obligation_and_the_next_finds_the_object(host) -> None:
    with cache.transaction("key") as entry:
        obliged = entry.must_insert_or_update
        with entry.insert(KEPT) as body:
            body.write(b"content")
        after = entry.must_insert_or_update

    assert (obliged, after) == (True, False)
    with cache.transaction("key") as entry:
        assert (entry.found, entry.must_insert_or_update) == (True, False)
        assert entry.body().read() == b"content"


def test_an_object_is_read_back_while_it_is_written(host) -> None:
    with cache.transaction("key") as entry:
        into, back = entry.insert_and_stream_back(KEPT)
        with back:
            with into:
                into.write(b"one ")
                body = back.body()
                first = body.read(4)
                into.append(Body(b"two"))
            rest = body.read()

    assert (first, rest) == (b"one ", b"two")


def test_a_stale_object_is_used_while_one_replaces_it(host) -> None:
    stored(b"old")
    host.clock.advance(61)
    with cache.transaction("key") as first, cache.transaction("key") as second:
        states = [(entry.stale, entry.must_insert_or_update) for entry in (first, second)]
        old = second.body().read()
        with first.insert(KEPT) as body:
            body.write(b"new")

    assert (states, old) == ([(True, True), (True, False)], b"old")
    assert cache.lookup("key").body().read() == b"new"


def test_a_stale_object_is_refreshed(host) -> None:
    stored()
    host.clock.advance(61)
    with cache.transaction("key") as entry:
        entry.update(WriteOptions(max_age=timedelta(hours=1), user_metadata=b"again"))
    with cache.lookup("key") as entry:
        assert (entry.stale, entry.max_age) == (False, timedelta(hours=1))
        assert (entry.user_metadata, entry.body().read()) == (b"again", b"content")


def test_the_next_lookup_gets_an_obligation_that_was_given_up(host) -> None:
    with cache.transaction("key") as entry:
        entry.cancel()

        assert not entry.must_insert_or_update
        assert is_obliged()


@pytest.mark.parametrize(
    "store",
    [
        lambda entry: entry.insert(KEPT),
        lambda entry: entry.insert_and_stream_back(KEPT),
        lambda entry: entry.update(KEPT),
        lambda entry: entry.cancel(),
    ],
)
def test_storing_without_an_obligation_is_refused(host, store) -> None:
    stored()
    with cache.transaction("key") as found, pytest.raises(NoObligation):
        store(found)
    with cache.lookup("other") as missing, pytest.raises(NoObligation) as refused:
        store(missing)

    assert isinstance(refused.value, CacheError)


@pytest.mark.parametrize(
    "raised", [ZeroDivisionError, KeyboardInterrupt, SystemExit, GeneratorExit]
)
def test_an_exception_leaves_no_obligation_behind(host, raised) -> None:
    with pytest.raises(raised), cache.transaction("key"):
        raise raised

    assert is_obliged()


def insert_a_part() -> None:
    with cache.transaction("key") as entry, entry.insert(KEPT) as body:
        body.write(b"a part")
        raise ZeroDivisionError


def stream_a_part_back() -> None:
    with cache.transaction("key") as entry:
        into, back = entry.insert_and_stream_back(KEPT)
        with back, into:
            into.write(b"a part")
            raise ZeroDivisionError


@pytest.mark.parametrize("abort", [insert_a_part, stream_a_part_back])
def test_an_exception_in_a_body_leaves_no_obligation_and_no_object_behind(host, abort) -> None:
    with pytest.raises(ZeroDivisionError):
        abort()

    assert not cache.lookup("key").found
    assert is_obliged()


def test_an_entry_that_is_only_dropped_leaves_no_obligation_behind(host) -> None:
    obliged = cache.transaction("key").must_insert_or_update
    gc.collect()

    assert obliged
    assert is_obliged()


def test_an_entry_may_outlive_its_sandbox(host) -> None:
    with host.guest_context():
        entry = cache.transaction("key")
    del entry
    gc.collect()

    assert is_obliged()


def test_a_guest_that_ends_leaves_no_obligation_behind(host, guest) -> None:
    kept = []
    guest(lambda: kept.append(cache.transaction("key"))).result(30)

    assert is_obliged()


def test_fifty_that_miss_at_once_compute_once(host, guest) -> None:
    asked, computed, lock, go = [], [], Lock(), Event()

    def compute() -> bytes:
        computed.append(1)
        assert go.wait(30)
        return b"value"

    def ask() -> bytes:
        with lock:
            asked.append(1)
            if len(asked) == MANY:
                go.set()
        return cache.get_or_set("key", compute, ttl=60).read()

    answers = [guest(ask) for _ in range(MANY)]

    assert {answer.result(30) for answer in answers} == {b"value"}
    assert len(computed) == 1


def test_fifty_calls_of_a_cached_function_run_it_once(host, guest) -> None:
    asked, computed, lock, go = [], [], Lock(), Event()

    @cache.cached(ttl=60)
    def compute(number: int) -> dict[str, int]:
        computed.append(number)
        assert go.wait(30)
        return {"number": number}

    def ask() -> dict[str, int]:
        with lock:
            asked.append(1)
            if len(asked) == MANY:
                go.set()
        return compute(7)

    answers = [guest(ask) for _ in range(MANY)]

    assert all(answer.result(30) == {"number": 7} for answer in answers)
    assert computed == [7]


def test_after_each_failure_the_next_one_computes(host, guest) -> None:
    computed, lock = [], Lock()

    def compute() -> bytes:
        with lock:
            computed.append(1)
            number = len(computed)
        if number < 4:
            raise LookupError(number)
        return b"value"

    def ask() -> bytes:
        return cache.get_or_set("key", compute, ttl=60).read()

    answers = [guest(ask) for _ in range(MANY)]
    failed = [answer for answer in answers if answer.exception(30) is not None]

    assert sorted(str(answer.exception()) for answer in failed) == ["1", "2", "3"]
    assert {answer.result() for answer in answers if answer not in failed} == {b"value"}
    assert len(computed) == 4


def test_those_who_wait_read_an_object_while_it_is_written(host, guest) -> None:
    with cache.transaction("key") as entry:
        waiting = guest(lambda: cache.transaction("key").body().read())
        with pytest.raises(StillWaiting):
            waiting.result(0.05)
        with entry.insert(KEPT) as body:
            body.write(b"one ")
            body.write(b"two")

    assert waiting.result(30) == b"one two"


def test_those_who_wait_for_an_aborted_object_get_an_error(host, guest) -> None:
    def ask() -> bytes:
        return cache.transaction("key").body().read()

    begun = Event()

    def lead() -> None:
        with cache.transaction("key") as entry, entry.insert(KEPT) as body:
            body.write(b"a part")
            begun.set()
            assert leave.wait(30)
            raise LookupError

    leave = Event()
    leading = guest(lead)
    assert begun.wait(30)
    reading = guest(ask)
    with pytest.raises(StillWaiting):
        reading.result(0.05)
    leave.set()

    assert isinstance(leading.exception(30), LookupError)
    assert isinstance(reading.exception(30), BodyError)


def test_a_lookup_can_be_started_and_awaited(host, guest) -> None:
    with cache.transaction("key") as entry:
        pending = cache.transaction_async("key")
        before = pending.ready
        with pytest.raises(WaitTimeout, match="not there within 10 ms"):
            pending.wait(0.01)
        with entry.insert(KEPT) as body:
            body.write(b"content")
        after = pending.ready
        with pending.wait(timedelta(seconds=30)) as found:
            content = found.body().read()

    assert (before, after, content) == (False, True, b"content")
    with pytest.raises(HandleClosed, match="was already awaited"):
        pending.wait()


def test_started_lookups_are_gathered_and_selected(host) -> None:
    with cache.transaction("held"):
        held, free = cache.transaction_async("held"), cache.transaction_async("free")
        first = select([held, free], timeout=30)
        late, entry = gather([held, free], timeout=0.01)

    assert first is free
    assert isinstance(late, WaitTimeout)
    assert entry.must_insert_or_update


def test_a_coroutine_awaits_a_lookup(host) -> None:
    async def store(entry) -> None:
        await asyncio.sleep(0)
        with entry, entry.insert(KEPT) as body:
            body.write(b"content")

    async def main() -> bytes:
        storing = asyncio.create_task(store(cache.transaction("key")))
        with await cache.transaction_async("key") as found:
            await storing
            return b"".join([piece async for piece in found.body()])

    assert asyncio.run(main()) == b"content"


def test_a_lookup_of_a_cancelled_task_leaves_no_obligation_behind(host) -> None:
    async def main() -> None:
        with cache.transaction("key"), pytest.raises(TimeoutError):
            await asyncio.wait_for(cache.transaction_async("key"), 0.01)

    asyncio.run(main())

    assert is_obliged()


@pytest.mark.parametrize("drop", [lambda pending: pending.close(), lambda pending: None])
def test_a_lookup_that_is_not_awaited_leaves_no_obligation_behind(host, drop) -> None:
    with cache.transaction("key"):
        pending = cache.transaction_async("key")
        drop(pending)
        del pending
        gc.collect()

    assert is_obliged()


def test_an_abandoned_body_does_not_block_others(host, guest) -> None:
    def forget() -> None:
        with cache.transaction("key") as entry:
            entry.insert(KEPT)

    guest(forget).result(30)

    assert is_obliged()
