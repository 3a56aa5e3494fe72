"""Tests of Fastly Compute apps under pytest: a fresh host per test, with backends to program."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastly_compute.testing.backend import FakeBackend, ReplyOptions
    from fastly_compute.testing.call import Call
    from fastly_compute.testing.client import Answer, ComputeClient, RequestOptions
    from fastly_compute.testing.headers import Headers, HeadersLike
    from fastly_compute.testing.host import ComputeHost
    from fastly_compute.testing.reply import Reply
    from fastly_compute.testing.stores import Store, Stores

__all__ = [
    "Answer",
    "Call",
    "ComputeClient",
    "ComputeHost",
    "FakeBackend",
    "Headers",
    "HeadersLike",
    "Reply",
    "ReplyOptions",
    "RequestOptions",
    "Store",
    "Stores",
]

# pytest imports this package in every run, also where no test needs a host, which is not cheap.
_HOMES = {
    "Answer": "client",
    "Call": "call",
    "ComputeClient": "client",
    "ComputeHost": "host",
    "FakeBackend": "backend",
    "Headers": "headers",
    "HeadersLike": "headers",
    "Reply": "reply",
    "ReplyOptions": "backend",
    "RequestOptions": "client",
    "Store": "stores",
    "Stores": "stores",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
