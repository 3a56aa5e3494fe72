"""One run of the guest: its request, its answer, and the host it runs in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.downstream import Incoming, Tracked
from fastly_compute.local.resource import Resource

if TYPE_CHECKING:
    from fastly_compute.local.host import Host

_current: ContextVar["Sandbox"] = ContextVar("fastly_compute.local.sandbox")


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """The state of one guest while it serves.

    Attributes:
        host: Whose configuration, origins and logs it uses.
        incoming: The client's request.
        downstream: Where the answer goes.
        dynamic_backends: What the guest registered, by name.
        handles: What a guest in wasm holds, by the number it knows it by.
        id: Unique in the host, as `compute-runtime.get-sandbox-id` answers.
    """

    host: "Host"
    incoming: Incoming
    downstream: Tracked
    dynamic_backends: dict[str, BackendConfig] = field(default_factory=dict)
    handles: dict[int, Resource] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def backend(self, name: str) -> BackendConfig | None:
        """Find a backend by name, static ones first."""
        return self.host.config.backends.get(name) or self.dynamic_backends.get(name)

    @contextmanager
    def active(self) -> Iterator["Sandbox"]:
        """Make this the sandbox that host calls of this thread belong to."""
        token = _current.set(self)
        try:
            yield self
        finally:
            _current.reset(token)


def current() -> Sandbox | None:
    """The sandbox that this thread's host calls belong to, if there is one."""
    return _current.get(None)


def running() -> Sandbox:
    """The sandbox of the running host call, for the interfaces: there always is one."""
    return _current.get()
