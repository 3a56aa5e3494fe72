"""Values by key: read, stored, deleted."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest

from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import Body, gather, select
from fastly_compute.kv_store import KVPreconditionFailed, KVStore, KVStoreNotFound


def test_a_value_is_read_with_its_metadata(store) -> None:
    with store.get("seed") as entry:
        assert (entry.metadata, entry.metadata, entry.text()) == ("beside", "beside", "planted")
        assert entry.generation > 0


def test_a_missing_key_is_none(store) -> None:
    assert store.get("missing") is None


def test_a_value_is_stored_and_deleted(store) -> None:
    store.put("lamp", "7 €", metadata="euro")
    entry = store.get("lamp")

    assert (entry.bytes(), entry.metadata) == ("7 €".encode(), "euro")
    assert [store.delete("lamp"), store.delete("lamp")] == [True, False]
    assert store.get("lamp") is None


def test_a_store_that_does_not_exist(host) -> None:
    with pytest.raises(KVStoreNotFound, match="'other' failed: the KV store does not exist"):
        KVStore.open("other")


def test_without_a_host() -> None:
    with pytest.raises(HostUnavailable):
        KVStore.open("shelf")


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"value",
        lambda: "value",
        lambda: bytearray(b"value"),
        lambda: BytesIO(b"value"),
        lambda: [b"va", b"", b"lue"],
        lambda: (piece for piece in (b"va", b"lue")),
        lambda: Body(b"value"),
    ],
)
def test_a_value_is_anything_that_can_be_a_body(store, make) -> None:
    store.put("key", make())

    assert store.get("key").bytes() == b"value"


def test_a_value_of_the_host_is_stored_unread(store, monkeypatch) -> None:
    body = store.get("seed").body
    monkeypatch.setattr(Body, "_fill", None)
    store.put("copy", body)
    monkeypatch.undo()

    assert store.get("copy").text() == "planted"
    with pytest.raises(HandleClosed):
        body.read()


@pytest.mark.parametrize("value", [None, 7, {"a": 1}])
def test_a_value_that_cannot_be_a_body_is_refused(store, value) -> None:
    with pytest.raises(TypeError, match="a body must be"):
        store.put("seed", value)
    assert store.get("seed").text() == "planted"


def test_a_value_that_fails_while_it_is_read_is_not_stored(store) -> None:
    def pieces():
        yield b"half"
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        store.put("seed", pieces())
    assert store.get("seed").text() == "planted"


def test_a_large_value_is_read_in_pieces(store) -> None:
    piece = bytes(range(256)) * 4096  # 1 MiB
    store.put("large", (piece for _ in range(25)))

    pieces = list(store.get("large").body.iter_bytes())
    assert b"".join(pieces) == piece * 25
    assert max(map(len, pieces)) <= 512 * 1024


def test_a_value_is_read_once(store) -> None:
    entry = store.get("seed")
    entry.bytes()

    with pytest.raises(HandleClosed):
        entry.text()


def test_a_body_outlives_its_entry(store) -> None:
    with store.get("seed") as entry:
        body = entry.body

    assert body.read() == b"planted"
    with pytest.raises(HandleClosed):
        _ = entry.generation


def test_a_value_of_json(store) -> None:
    store.put("json", json.dumps({"a": [1, None]}))
    assert store.get("json").json() == {"a": [1, None]}

    for wrong in (b"{", b"\xff", b"[" * 100_000):
        store.put("json", wrong)
        with pytest.raises(ValueError, match=r"."):
            store.get("json").json()


def test_a_value_that_is_not_text(store) -> None:
    store.put("binary", b"\xff")

    with pytest.raises(UnicodeDecodeError):
        store.get("binary").text()


def test_a_value_expires(host, store) -> None:
    store.put("short", "value", ttl=timedelta(minutes=1))
    host.clock.advance(59)
    assert store.get("short").text() == "value"
    host.clock.advance(1)
    assert store.get("short") is None


@pytest.mark.parametrize(
    ("mode", "result"),
    [("overwrite", "new"), ("append", "plantednew"), ("prepend", "newplanted")],
)
def test_a_mode_says_what_happens_to_the_value_before(store, mode, result) -> None:
    store.put("seed", "new", mode=mode)
    assert store.get("seed").text() == result


def test_add_keeps_what_is_there(store) -> None:
    store.put("first", "mine", mode="add")
    with pytest.raises(KVPreconditionFailed, match="'shelf/first' failed: nothing was stored"):
        store.put("first", "theirs", mode="add")
    assert store.get("first").text() == "mine"


def test_of_several_writers_with_one_generation_one_wins(host, store) -> None:
    generation = store.get("seed").generation

    def write(number: int) -> bool:
        with host.guest_context(), KVStore.open("shelf") as own:
            try:
                own.put("seed", str(number), if_generation=generation)
            except KVPreconditionFailed:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))

    assert won.count(True) == 1
    assert store.get("seed").text() == str(won.index(True))


def test_operations_are_gathered(store) -> None:
    found = gather(
        [
            store.get_async("seed"),
            store.get_async("missing"),
            store.put_async("new", "value"),
            store.put_async("seed", "other", mode="add"),
            store.delete_async("missing"),
            store.page_async(prefix="se"),
        ],
        timeout=10,
    )

    assert found[0].text() == "planted"
    assert found[1:3] == [None, None]
    assert isinstance(found[3], KVPreconditionFailed)
    assert found[4] is False
    assert found[5].keys == ("seed",)


def test_operations_are_selected(store) -> None:
    pending = store.get_async("seed")

    assert select([pending]) is pending
    assert pending.ready
    assert pending.wait(1).text() == "planted"
    with pytest.raises(HandleClosed, match="was already awaited"):
        pending.wait()
    assert repr(pending) == "<PendingLookup 'shelf/seed'>"


def test_a_closed_store_is_not_used(store) -> None:
    store.close()
    pieces = iter([b"value"])

    with pytest.raises(HandleClosed):
        store.get("seed")
    with pytest.raises(HandleClosed):
        store.put("seed", pieces)
    assert list(pieces) == [b"value"]


def test_nothing_shows_a_value(store) -> None:
    assert repr(store) == "<KVStore 'shelf'>"
    assert repr(store.get("seed")) == "<KVEntry 'shelf/seed'>"
    assert store.name == "shelf"
