"""Tests of Fastly Compute apps under pytest: a fresh host per test, with backends to program."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastly_compute.testing.answer import Answer
    from fastly_compute.testing.backend import FakeBackend, ReplyOptions
    from fastly_compute.testing.call import Call
    from fastly_compute.testing.client import ComputeClient, RequestOptions
    from fastly_compute.testing.durations import Duration
    from fastly_compute.testing.headers import Headers, HeadersLike
    from fastly_compute.testing.host import ComputeHost
    from fastly_compute.testing.kv import KvStore, KvStores
    from fastly_compute.testing.lookups import Lookups
    from fastly_compute.testing.reply import Reply
    from fastly_compute.testing.served import ComputeServer
    from fastly_compute.testing.stores import Store, Stores
    from fastly_compute.testing.sweeping import Sweep, SweptCall, sweep

__all__ = [
    "Answer",
    "Call",
    "ComputeClient",
    "ComputeHost",
    "ComputeServer",
    "Duration",
    "FakeBackend",
    "Headers",
    "HeadersLike",
    "KvStore",
    "KvStores",
    "Lookups",
    "Reply",
    "ReplyOptions",
    "RequestOptions",
    "Store",
    "Stores",
    "Sweep",
    "SweptCall",
    "sweep",
]

# pytest imports this package in every run, also where no test needs a host, which is not cheap.
_HOMES = {
    "Answer": "answer",
    "Call": "call",
    "ComputeClient": "client",
    "ComputeHost": "host",
    "ComputeServer": "served",
    "Duration": "durations",
    "FakeBackend": "backend",
    "Headers": "headers",
    "HeadersLike": "headers",
    "KvStore": "kv",
    "KvStores": "kv",
    "Lookups": "lookups",
    "Reply": "reply",
    "ReplyOptions": "backend",
    "RequestOptions": "client",
    "Store": "stores",
    "Stores": "stores",
    "Sweep": "sweeping",
    "SweptCall": "sweeping",
    "sweep": "sweeping",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
