"""Look up objects, and read them."""

import copy
from concurrent.futures import Future
from datetime import timedelta
from threading import Event

import pytest

from fastly_compute import cache
from fastly_compute.cache import CacheCallFailed, Entry, InvalidCacheOption, WriteOptions
from fastly_compute.core import CannotRead, HandleClosed, HostError
from fastly_compute.http import BodyError

KEPT = WriteOptions(max_age=60)


def stored(key="key", content=b"content", **options) -> None:
    with cache.insert(key, WriteOptions(**{"max_age": 60, **options})) as body:
        body.write(content)


def test_a_missing_object_is_not_found(host) -> None:
    with cache.lookup("key") as entry:
        assert not any((entry.found, entry.usable, entry.stale, entry.must_insert_or_update))
        assert entry.length is entry.age is entry.max_age is entry.hits is None
        with pytest.raises(CacheCallFailed, match=r"cache\.get-body failed"):
            entry.body()
        with pytest.raises(CacheCallFailed):
            _ = entry.user_metadata


def test_an_object_is_fresh_then_stale_then_gone(host) -> None:
    stored(stale_while_revalidate=60)
    states = []
    for _ in range(3):
        with cache.lookup("key") as entry:
            states.append((entry.found, entry.usable, entry.stale, entry.usable_if_error))
        host.clock.advance(61)

    assert states == [
        (True, True, False, False),
        (True, True, True, False),
        (False, False, False, False),
    ]


def test_hits_are_counted(host) -> None:
    stored()

    assert [cache.lookup("key").hits for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, b"content"),
        (0, 0, b"c"),
        (2, 4, b"nte"),
        (4, None, b"ent"),
        (None, 2, b"nt"),
        (0, 6, b"content"),
    ],
)
def test_a_range_of_a_body_is_read(host, start, end, expected) -> None:
    stored()

    assert cache.lookup("key").body(start, end).read() == expected


@pytest.mark.parametrize(("start", "end"), [(-1, None), (None, -1), (3, 2)])
def test_an_invalid_range_is_refused(host, start, end) -> None:
    stored()
    with pytest.raises(InvalidCacheOption):
        cache.lookup("key").body(start, end)


def test_one_body_of_an_entry_is_read_at_a_time(host) -> None:
    stored()
    with cache.lookup("key") as entry:
        body = entry.body()
        with pytest.raises(CacheCallFailed):
            entry.body()
        body.close()

        assert entry.body().read() == b"content"


def test_a_body_is_read_after_its_entry_was_closed(host) -> None:
    stored()
    with cache.lookup("key") as entry:
        body = entry.body()

    assert body.read() == b"content"


def test_an_object_is_read_while_it_is_written(host, guest) -> None:
    begun, read = Event(), Event()

    def write() -> None:
        with cache.insert("key", KEPT) as body:
            body.write(b"one ")
            begun.set()
            assert read.wait(30)
            body.write(b"two")

    writing = guest(write)
    assert begun.wait(30)
    with cache.lookup("key") as entry:
        length, pieces = entry.length, entry.body().iter_bytes()
        first = next(pieces)
        read.set()
        rest = b"".join(pieces)
    writing.result(30)

    assert (length, first, rest) == (None, b"one ", b"two")


def test_a_range_is_read_while_it_is_written_if_requested(host, guest) -> None:
    begun, read = Event(), Event()

    def write() -> None:
        with cache.insert("key", KEPT) as body:
            body.write(b"0123456789")
            begun.set()
            assert read.wait(30)

    writing: Future[object] = guest(write)
    assert begun.wait(30)
    with cache.lookup("key", always_use_requested_range=True) as entry:
        part = entry.body(2, 4).read()
    read.set()
    writing.result(30)

    assert part == b"234"


def test_an_aborted_body_is_an_error_for_its_readers(host, guest) -> None:
    begun, read = Event(), Event()

    def write() -> None:
        with cache.insert("key", KEPT) as body:
            body.write(b"one")
            begun.set()
            assert read.wait(30)
            raise LookupError

    writing = guest(write)
    assert begun.wait(30)
    body = cache.lookup("key").body()
    first = body.read(3)
    read.set()
    with pytest.raises(BodyError):
        body.read()
    with pytest.raises(LookupError):
        writing.result(30)

    assert first == b"one"
    assert not cache.lookup("key").found


def test_an_entry_is_closed_once_and_not_used_after_that(host) -> None:
    stored()
    entry = cache.lookup("key")
    entry.close()
    entry.close()

    assert entry.closed
    for use in (lambda: entry.found, entry.body, lambda: entry.age, entry.cancel):
        with pytest.raises(HandleClosed, match="this Entry is closed"):
            use()


def test_an_entry_can_be_neither_created_directly_nor_copied(host) -> None:
    with pytest.raises(TypeError, match=r"use cache\.lookup or cache\.transaction"):
        Entry()
    with cache.lookup("key") as entry, pytest.raises(TypeError):
        copy.copy(entry)


def test_a_refusal_of_the_host_can_be_caught_as_a_built_in_exception(host) -> None:
    with pytest.raises(CacheCallFailed) as failed:
        cache.lookup("key").body()

    assert isinstance(failed.value, HostError)
    assert not isinstance(failed.value, CannotRead)
    assert (failed.value.operation, failed.value.case) == ("cache.get-body", "cannot-read")


def test_an_age_counts_from_the_insertion(host) -> None:
    stored(initial_age=timedelta(seconds=20))
    host.clock.advance(30)

    assert cache.lookup("key").age >= timedelta(seconds=50)
