"""`kv-store` as seen by guest code in this process."""

import json
import threading
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, http_body, http_resp, kv_store
from wit_world.imports.kv_store import InsertMode, InsertOptions, ListMode, ListOptions

from fastly_compute.local import Host, HostConfig, KvItem, Trap

LARGE = 1 << 20


@pytest.fixture
def host() -> Iterator[Host]:
    items = {"seed": KvItem(data=b"planted", metadata="beside"), "bare": KvItem(data=b"")}
    with Host(HostConfig(kv_stores={"kv": items, "empty": {}}), output=print) as host:
        yield host


@pytest.fixture
def store(host: Host) -> Iterator[kv_store.Store]:
    with host.guest_context():
        yield kv_store.Store.open("kv")


def body_of(content: bytes):
    body = http_body.new()
    http_body.write(body, content)
    return body


def options(mode=InsertMode.OVERWRITE, generation=None, metadata=None, ttl=None) -> InsertOptions:
    return InsertOptions(
        background_fetch=False,
        if_generation_match=generation,
        metadata=metadata,
        time_to_live_sec=ttl,
        mode=mode,
        extra=None,
    )


def put(store: kv_store.Store, key: str, content: bytes, **chosen) -> None:
    store.insert(key, body_of(content), options(**chosen))


def value(store: kv_store.Store, key: str) -> bytes | None:
    entry = store.lookup(key)
    return None if entry is None else http_body.read(entry.take_body(), LARGE)


def listing(store: kv_store.Store, limit=None, prefix=None, cursor=None):
    chosen = ListOptions(ListMode.STRONG, cursor, limit, prefix, None)
    return json.loads(http_body.read(store.list(chosen), LARGE))


def error_of(call, *arguments) -> str:
    with pytest.raises(Err) as caught:
        call(*arguments)
    return repr(caught.value.value)


def test_a_store_that_is_not_configured_is_not_found(host: Host) -> None:
    with host.guest_context():
        error = error_of(kv_store.Store.open, "nowhere")

    assert error == "<OpenError.NOT_FOUND: 3>"


def test_a_configured_item_is_found(store: kv_store.Store) -> None:
    entry = store.lookup("seed")

    assert http_body.read(entry.take_body(), LARGE) == b"planted"
    assert entry.metadata(LARGE) == "beside"
    assert entry.generation() > 0


def test_a_value_can_be_read_once(store: kv_store.Store) -> None:
    entry = store.lookup("seed")
    entry.take_body()

    assert entry.take_body() is None


def test_metadata_can_be_read_again_and_reports_its_length(store: kv_store.Store) -> None:
    entry = store.lookup("seed")

    assert error_of(entry.metadata, 5) == "Error_BufferLen(value=6)"
    assert [entry.metadata(6), entry.metadata(6)] == ["beside", "beside"]


def test_empty_metadata_is_none(store: kv_store.Store) -> None:
    put(store, "key", b"value", metadata="")

    assert store.lookup("key").metadata(LARGE) is None
    assert store.lookup("bare").metadata(LARGE) is None


def test_a_missing_key_is_none(store: kv_store.Store) -> None:
    assert store.lookup("missing") is None


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (InsertMode.OVERWRITE, b"new"),
        (InsertMode.APPEND, b"plantednew"),
        (InsertMode.PREPEND, b"newplanted"),
    ],
)
def test_an_insert_follows_its_mode(store: kv_store.Store, mode, expected) -> None:
    put(store, "seed", b"new", mode=mode)

    assert value(store, "seed") == expected


@pytest.mark.parametrize("mode", InsertMode)
def test_every_mode_creates_a_missing_key(store: kv_store.Store, mode) -> None:
    put(store, "fresh", b"new", mode=mode)

    assert value(store, "fresh") == b"new"


def test_an_existing_key_cannot_be_added(store: kv_store.Store) -> None:
    error = error_of(store.insert, "seed", body_of(b"new"), options(InsertMode.ADD))

    assert error == "KvError_PreconditionFailed()"
    assert value(store, "seed") == b"planted"


def test_an_insert_can_require_a_generation(store: kv_store.Store) -> None:
    first = store.lookup("seed").generation()
    put(store, "seed", b"second", generation=first)
    late = error_of(store.insert, "seed", body_of(b"third"), options(generation=first))

    assert late == "KvError_PreconditionFailed()"
    assert value(store, "seed") == b"second"


def test_a_generation_is_not_checked_for_a_missing_key(store: kv_store.Store) -> None:
    put(store, "fresh", b"new", generation=1)

    assert value(store, "fresh") == b"new"


def test_each_insert_has_its_own_generation(store: kv_store.Store) -> None:
    seen = set()
    for _ in range(50):
        put(store, "key", b"")
        seen.add(store.lookup("key").generation())

    assert len(seen) == 50


def test_an_entry_expires(host: Host, store: kv_store.Store) -> None:
    put(store, "key", b"value", ttl=600)
    host.clock.advance(300)
    before = value(store, "key")
    host.clock.advance(300)

    assert before == b"value"
    assert value(store, "key") is None
    assert "key" not in listing(store)["data"]
    assert store.delete("key") is False


def test_an_expired_entry_can_be_added_again(host: Host, store: kv_store.Store) -> None:
    put(store, "key", b"old", ttl=1)
    host.clock.advance(1)
    put(store, "key", b"new", mode=InsertMode.ADD)

    assert value(store, "key") == b"new"


def test_a_delete_returns_whether_the_key_existed(store: kv_store.Store) -> None:
    assert [store.delete("seed"), store.delete("seed")] == [True, False]
    assert value(store, "seed") is None


def test_keys_are_listed_in_order_page_by_page(host: Host) -> None:
    with host.guest_context():
        store = kv_store.Store.open("empty")
        for key in ("a/3", "b", "a/1", "é", "a/2"):
            put(store, key, b"")
        everything = listing(store)
        first = listing(store, limit=2, prefix="a/")
        second = listing(store, limit=2, prefix="a/", cursor=first["meta"]["next_cursor"])

    assert everything == {"data": ["a/1", "a/2", "a/3", "b", "é"], "meta": {"limit": 1000}}
    assert first["data"] == ["a/1", "a/2"]
    assert second == {"data": ["a/3"], "meta": {"limit": 2, "prefix": "a/"}}


@pytest.mark.parametrize(("cursor", "limit"), [("no base64!", None), ("/w==", None), (None, 0)])
def test_an_invalid_listing_is_a_bad_request(store: kv_store.Store, cursor, limit) -> None:
    chosen = ListOptions(ListMode.EVENTUAL, cursor, limit, None, None)

    assert error_of(store.list, chosen) == "KvError_BadRequest()"
    assert error_of(kv_store.await_list, store.list_async(chosen)) == "KvError_BadRequest()"


def test_an_invalid_key_is_a_bad_request(store: kv_store.Store) -> None:
    assert [
        error_of(store.lookup, ".."),
        error_of(store.insert, "a#b", body_of(b""), options()),
        error_of(store.delete, ""),
    ] == ["KvError_BadRequest()"] * 3


def test_an_invalid_key_is_a_generic_error_of_an_asynchronous_call(store: kv_store.Store) -> None:
    assert [
        error_of(store.lookup_async, ".."),
        error_of(store.insert_async, "a#b", body_of(b""), options()),
        error_of(store.delete_async, ""),
    ] == ["Error_GenericError()"] * 3


def test_asynchronous_calls_are_ready_and_can_be_awaited(store: kv_store.Store) -> None:
    inserting = store.insert_async("key", body_of(b"value"), options())
    ready = async_io.select([inserting])
    kv_store.await_insert(inserting)
    found = kv_store.await_lookup(store.lookup_async("key"))
    listed = kv_store.await_list(
        store.list_async(ListOptions(ListMode.STRONG, None, None, "k", None))
    )
    deleted = kv_store.await_delete(store.delete_async("key"))

    assert (ready, deleted) == (0, True)
    assert http_body.read(found.take_body(), LARGE) == b"value"
    assert json.loads(http_body.read(listed, LARGE))["data"] == ["key"]
    assert kv_store.await_lookup(store.lookup_async("key")) is None


def test_an_asynchronous_error_is_raised_when_awaited(store: kv_store.Store) -> None:
    pending = store.insert_async("seed", body_of(b""), options(InsertMode.ADD))

    assert error_of(kv_store.await_insert, pending) == "KvError_PreconditionFailed()"


def test_a_second_await_traps(store: kv_store.Store) -> None:
    pending = store.lookup_async("seed")
    kv_store.await_lookup(pending)

    with pytest.raises(Trap, match="was already awaited"):
        kv_store.await_lookup(pending)


def test_awaiting_another_kind_of_handle_traps(store: kv_store.Store) -> None:
    for other in (store.delete_async("missing"), async_io.Pollable.new_ready(), http_body.new()):
        with pytest.raises(Trap, match="await-lookup was given something other"):
            kv_store.await_lookup(other)


def test_an_insert_takes_the_body(store: kv_store.Store) -> None:
    body = body_of(b"value")
    store.insert("key", body, options())

    with pytest.raises(Trap, match="was already stored"):
        http_body.read(body, 1)


def test_a_streaming_body_cannot_be_stored(store: kv_store.Store) -> None:
    body = http_body.new()
    http_resp.send_downstream_streaming(http_resp.Response.new(), body)

    with pytest.raises(Trap, match="streaming to the client"):
        store.insert("key", body, options())


def test_one_sandbox_finds_the_inserts_of_another(host: Host) -> None:
    with host.guest_context():
        put(kv_store.Store.open("kv"), "key", b"value")
    with host.guest_context():
        found = value(kv_store.Store.open("kv"), "key")

    assert found == b"value"


def test_another_host_has_its_own_data(host: Host) -> None:
    with host.guest_context():
        put(kv_store.Store.open("kv"), "seed", b"changed")
    with Host(host.config, output=print) as other, other.guest_context():
        found = value(kv_store.Store.open("kv"), "seed")

    assert found == b"planted"


def test_sandboxes_on_many_threads_lose_nothing(host: Host) -> None:
    def work() -> None:
        with host.guest_context():
            store = kv_store.Store.open("empty")
            for _ in range(100):
                put(store, "key", b"x", mode=InsertMode.APPEND)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with host.guest_context():
        found = value(kv_store.Store.open("empty"), "key")

    assert found == b"x" * 400
