"""One run of the guest: its request, its answer, and the host it runs in."""

import secrets
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
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
        interrupt: What ended a host call that is no error of the guest's, such as Ctrl-C.
        id: Unique in the host, as `compute-runtime.get-sandbox-id` answers.
    """

    host: "Host"
    incoming: Incoming
    downstream: Tracked
    dynamic_backends: dict[str, BackendConfig] = field(default_factory=dict)
    handles: dict[int, Resource] = field(default_factory=dict)
    interrupt: BaseException | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def backend(self, name: str) -> BackendConfig | None:
        """Find a backend by name, static ones first."""
        return self.host.config.backends.get(name) or self.dynamic_backends.get(name)

    def active(self) -> AbstractContextManager["Sandbox"]:
        """Make this the sandbox that host calls of this thread belong to."""
        return _Active(self)


class _Active(AbstractContextManager[Sandbox]):
    # No generator: contextlib would set the traceback of an `Err`, which is frozen.

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __enter__(self) -> Sandbox:
        self._token = _current.set(self._sandbox)
        return self._sandbox

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._token)


def current() -> Sandbox | None:
    """The sandbox that this thread's host calls belong to, if there is one."""
    return _current.get(None)


def running() -> Sandbox:
    """The sandbox of the running host call, for the interfaces: there always is one."""
    return _current.get()
