"""What KV stores do in an app: each request is JSON that names a function below."""

import json
from collections.abc import Iterator

from wit_world.imports import compute_runtime

from fastly_compute.core import HostUnavailable
from fastly_compute.http import IncomingRequest, Request, Response, gather, select, service
from fastly_compute.kv_store import KVPreconditionFailed, KVStore, KVStoreError

try:
    KVStore.open("shelf")
except HostUnavailable as _error:
    TOO_EARLY = str(_error)

MB = bytes(range(256)) * 4096


def too_early():
    return TOO_EARLY


def round_trip(key):
    with KVStore.open("shelf") as store:
        missing = store.get(key) is None
        store.put(key, "7 \u20ac", metadata="euro", ttl=3600)
        entry = store.get(key)
        found = [entry.metadata, entry.metadata, entry.text(), entry.generation > 0]
        store.put(key, "!", mode="append")
        store.put(key, "<", mode="prepend")
        extended = store.get(key).text()
        return [missing, found, extended, store.delete(key), store.delete(key)]


def seed():
    with KVStore.open("shelf") as store:
        entry = store.get("seed")
        return [entry.metadata, entry.text()]


def refusals(key):
    refused = []
    with KVStore.open("shelf") as store:
        store.put(key, "1", mode="add")
        generation = store.get(key).generation
        for attempt in (
            lambda: KVStore.open("nowhere"),
            lambda: store.put(key, "2", mode="add"),
            lambda: store.put(key, "2", if_generation=generation + 1),
            lambda: store.page(cursor="?"),
            lambda: store.get("a#"),
        ):
            try:
                attempt()
            except KVStoreError as error:
                refused.append(type(error).__name__)
        store.put(key, "2", if_generation=generation)
        return [refused, store.get(key).text()]


def pages(prefix, count):
    with KVStore.open("shelf") as store:
        for start in range(0, count, 100):
            for done in gather(
                [store.put_async(f"{prefix}/{n:05}", b"") for n in range(start, start + 100)]
            ):
                if done is not None:
                    raise done
        keys = list(store.keys(prefix=f"{prefix}/"))
        few = store.page(prefix=f"{prefix}/", limit=3, consistency="eventual")
        none = list(store.keys(prefix=f"{prefix}/none"))
        return [len(keys), keys == sorted(keys), keys[-1], few.keys, few.cursor is not None, none]


def _pieces(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield MB


def large(key, megabytes):
    longest = size = 0
    before = compute_runtime.get_heap_mib()
    with KVStore.open("shelf") as store:
        store.put(key, _pieces(megabytes))
        for piece in store.get(key).body.iter_bytes():
            longest = max(longest, len(piece))
            size += len(piece)
        same = True
        at = 0
        for piece in store.get(key).body.iter_bytes(4096):
            same = same and piece == MB[at : at + len(piece)]
            at = (at + len(piece)) % len(MB)
        store.put(f"{key} copy", store.get(key).body)
        copied = sum(map(len, store.get(f"{key} copy").body.iter_bytes()))
        return [size, longest, same, copied, compute_runtime.get_heap_mib() - before]


def generation(key):
    with KVStore.open("shelf") as store:
        return store.get(key).generation


def put(key, value, if_generation=None):
    with KVStore.open("shelf") as store:
        try:
            store.put(key, value, if_generation=if_generation)
        except KVPreconditionFailed:
            return False
        return True


def get(key):
    with KVStore.open("shelf") as store:
        return store.get(key).text()


def joined():
    with KVStore.open("shelf") as store:
        sent = Request("GET", "http://origin.example/status/200").send_async("origin")
        looked_up = store.get_async("seed")
        first = select([looked_up, sent], timeout=30)
        value, response = gather([looked_up, sent], timeout=30)
        return [first in (looked_up, sent), value.text(), response.status]


def response_body(key):
    with KVStore.open("shelf") as store:
        response = Request("GET", "http://origin.example/status/200").send("origin")
        store.put(key, response.body)
        return store.get(key).text()


FUNCTIONS = {
    function.__name__: function
    for function in (
        *(too_early, round_trip, seed, refusals, pages, large, generation, put, get, joined),
        response_body,
    )
}


def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    return Response.json(FUNCTIONS[asked.pop("do")](**asked))


HttpIncoming = service(handle)
