"""Tests of Fastly Compute apps under pytest: a fresh host per test, with backends to program."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastly_compute.testing.backend import FakeBackend, ReplyOptions
    from fastly_compute.testing.call import Call
    from fastly_compute.testing.client import ComputeClient, RequestOptions
    from fastly_compute.testing.client_response import ClientResponse
    from fastly_compute.testing.durations import Duration
    from fastly_compute.testing.fault_injection import FaultReport, InjectedFault, inject_faults
    from fastly_compute.testing.headers import HeadersLike, MessageHeaders
    from fastly_compute.testing.host import ComputeHost
    from fastly_compute.testing.image_call import ImageCall
    from fastly_compute.testing.kv import KvStore, KvStores
    from fastly_compute.testing.lookups import Lookups
    from fastly_compute.testing.reply import Reply
    from fastly_compute.testing.served import ComputeServer
    from fastly_compute.testing.stores import Store, Stores

__all__ = [
    "Call",
    "ClientResponse",
    "ComputeClient",
    "ComputeHost",
    "ComputeServer",
    "Duration",
    "FakeBackend",
    "FaultReport",
    "HeadersLike",
    "ImageCall",
    "InjectedFault",
    "KvStore",
    "KvStores",
    "Lookups",
    "MessageHeaders",
    "Reply",
    "ReplyOptions",
    "RequestOptions",
    "Store",
    "Stores",
    "inject_faults",
]

# pytest imports this package in every run, also where no test needs a host, which is not cheap.
_HOMES = {
    "ClientResponse": "client_response",
    "Call": "call",
    "ComputeClient": "client",
    "ComputeHost": "host",
    "ComputeServer": "served",
    "Duration": "durations",
    "FakeBackend": "backend",
    "MessageHeaders": "headers",
    "HeadersLike": "headers",
    "ImageCall": "image_call",
    "KvStore": "kv",
    "KvStores": "kv",
    "Lookups": "lookups",
    "Reply": "reply",
    "ReplyOptions": "backend",
    "RequestOptions": "client",
    "Store": "stores",
    "Stores": "stores",
    "FaultReport": "fault_injection",
    "InjectedFault": "fault_injection",
    "inject_faults": "fault_injection",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
