"""`purge` as seen by guest code in this process."""

import json
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import cache, http_body, purge
from wit_world.imports.cache import LookupOptions, LookupState, WriteOptions
from wit_world.imports.purge import PurgeOptions

from fastly_compute.local import Host
from fastly_compute.local.state import WriteOptions as Stored

HARD, SOFT = (PurgeOptions(soft_purge=soft, extra=None) for soft in (False, True))
FRESH = LookupState.FOUND | LookupState.USABLE
MUST = LookupState.MUST_INSERT_OR_UPDATE


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    with Host(output=lines.append) as host:
        yield host


@pytest.fixture
def sandbox(host: Host) -> Iterator[None]:
    with host.guest_context():
        yield


def put(key: bytes, surrogate_keys: str) -> None:
    minute = 60 * 10**9
    options = WriteOptions(
        minute, None, None, None, None, surrogate_keys, None, None, None, False, None
    )
    http_body.close(cache.insert(key, options))


def state(key: bytes) -> LookupState:
    options = LookupOptions(None, False, None)
    return cache.Entry.transaction_lookup(key, options).get_state()


def error_of(call, *arguments) -> str:
    with pytest.raises(Err) as caught:
        call(*arguments)
    return repr(caught.value.value)


def test_objects_with_the_key_are_purged(sandbox) -> None:
    put(b"1", "a b")
    put(b"2", "b c")
    purge.purge_surrogate_key("a", HARD)
    purge.purge_surrogate_key("nothing", HARD)

    assert [state(b"1"), state(b"2")] == [MUST, FRESH]


def test_a_soft_purge_leaves_objects_stale(sandbox) -> None:
    put(b"1", "a")
    purge.purge_surrogate_key("a", SOFT)

    assert state(b"1") == FRESH | LookupState.STALE | MUST


@pytest.mark.parametrize("key", ["a b", "a" * 1025, "é", "a\n"])
def test_an_invalid_key_is_refused(sandbox, lines, key) -> None:
    calls = [
        lambda: purge.purge_surrogate_key(key, HARD),
        lambda: purge.purge_surrogate_key_verbose(key, HARD, 1000),
    ]

    assert [error_of(call) for call in calls] == ["Error_InvalidArgument()"] * 2
    assert lines[0].startswith("purge.purge-surrogate-key: ")


def test_a_verbose_purge_returns_the_apis_response(sandbox) -> None:
    put(b"1", "a")
    answers = [json.loads(purge.purge_surrogate_key_verbose("a", HARD, 1000)) for _ in range(2)]

    assert [answer["status"] for answer in answers] == ["ok", "ok"]
    assert answers[0]["id"] != answers[1]["id"]
    assert state(b"1") == MUST


def test_a_verbose_purge_without_room_for_its_result_purges_nothing(sandbox) -> None:
    put(b"1", "a")
    error = error_of(purge.purge_surrogate_key_verbose, "a", HARD, 10)

    assert error == "Error_BufferLen(value=50)"
    assert state(b"1") == FRESH


def test_a_purge_reaches_the_readthrough_cache(host: Host, sandbox) -> None:
    options = Stored(max_age=10**12, surrogate_keys=frozenset({"a"}))
    host.cache.insert(("http", "example.com", "/"), (), options).body.finish(())
    purge.purge_surrogate_key("a", HARD)

    assert host.cache.lookup(("http", "example.com", "/"), ()) is None
