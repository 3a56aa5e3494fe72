"""KV stores as a type checker sees them: checked against the installed wheels, never run."""

from collections.abc import Iterator
from datetime import timedelta
from typing import assert_type

from fastly_compute.http import Body, WaitTimeout, gather
from fastly_compute.kv_store import KeyPage, KVCallFailed, KVEntry, KVStore, Mode, PendingPut


def use() -> None:
    with KVStore.open("shelf") as store:
        entry = store.get("lamp")
        assert_type(entry, KVEntry | None)
        if entry is not None:
            assert_type(entry.body, Body)
            assert_type(entry.bytes(), bytes)
            assert_type(entry.json(), object)
            assert_type(entry.metadata, str | None)
            assert_type(entry.generation, int)
        mode: Mode = "append"
        store.put("lamp", [b"a", b"b"], ttl=timedelta(hours=1), mode=mode, if_generation=7)
        store.put("lamp", b"", mode="replace")  # type: ignore[arg-type]
        store.put("lamp", b"", 60)  # type: ignore[call-arg]
        store.put("lamp", 7)  # type: ignore[arg-type]
        assert_type(store.put_async("lamp", "7"), PendingPut)
        assert_type(store.delete("lamp"), bool)
        assert_type(store.keys(prefix="a", consistency="eventual"), Iterator[str])
        assert_type(store.page(limit=7), KeyPage)
        found = gather([store.get_async("a"), store.get_async("b")], timeout=1)
        assert_type(found, list[KVEntry | KVCallFailed | WaitTimeout | None])
