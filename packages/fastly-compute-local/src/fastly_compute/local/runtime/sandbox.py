"""One run of the guest: its request, its response, and its host."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeVar

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.resource import Resource

if TYPE_CHECKING:
    from fastly_compute.local.host import Host

T = TypeVar("T")

_current: ContextVar["Sandbox"] = ContextVar("fastly_compute.local.runtime.sandbox")


class RequestSource(Protocol):
    """A source of further requests for a sandbox."""

    def wait(self, seconds: float) -> "Future[Exchange | None]":
        """Wait some time for the next request; the result is None if none arrives."""

    def leave(self, promised: "Future[Exchange | None]") -> None:
        """Cancel the wait, and serve elsewhere a request that has arrived and was not started."""


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """The state of one guest while it runs.

    Attributes:
        host: The host, with its configuration, transport and logs.
        exchange: The client's request and its response; the latest one if the sandbox is reused.
        following: The source of further requests.
        dynamic_backends: The backends that the guest registered, by name.
        handles: The resources that a guest in wasm holds, by handle number.
        interrupt: An exception that ended a host call and is not the guest's, such as Ctrl-C.
        id: Its unique identifier, as `compute-runtime.get-sandbox-id` returns it.
        asked: How often it asked for a further request and was promised one.
        next: The request that it was promised and has not started.
        written: Bytes that the guest wrote into bodies kept in memory, for the latest request.
        deadline: When the guest's time limit passes, on the clock of `time.monotonic`.
        calls: The number of host calls in progress.
        show: Shows what the guest has printed so far, if that does not happen at once.
        resting: A context manager entered while the guest waits, so that others may run.
        at_end: Functions to call at the end, last first.
        cpu_started: The CPU time of its thread when it began, in nanoseconds.
        environment: Its `FASTLY_*` variables as a native guest has them, encoded as `os.environ`
            encodes them; None until the guest looks.
        held: Open resources, and the functions that release them at the end.

    Example:
        >>> from fastly_compute.local import BackendConfig, Host, HostConfig
        >>> config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:8080")})
        >>> with Host(config) as host, host.guest_context() as sandbox:
        ...     sandbox.backend("origin").port
        8080
    """

    host: "Host"
    exchange: Exchange
    following: RequestSource
    dynamic_backends: dict[str, BackendConfig] = field(default_factory=dict)
    handles: dict[int, Resource] = field(default_factory=dict)
    interrupt: BaseException | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    asked: int = 0
    next: "Future[Exchange | None] | None" = None
    written: int = 0
    deadline: float | None = None
    calls: int = 0
    show: Callable[[], None] = lambda: None
    resting: Callable[[], AbstractContextManager[None]] = nullcontext
    at_end: list[Callable[[], None]] = field(default_factory=list)
    held: dict[object, Callable[[], None]] = field(default_factory=dict)
    cpu_started: int = field(default_factory=time.thread_time_ns)
    environment: dict[str | bytes, str | bytes] | None = None
    _exchanges: list[Exchange] = field(default_factory=list)
    _workers: ThreadPoolExecutor | None = None

    def __post_init__(self) -> None:
        self.begin(self.exchange)

    def begin(self, exchange: Exchange) -> None:
        """Switch to a request, and restart its time limit and memory limit."""
        self.exchange = exchange
        self.written = 0
        self._exchanges = [open_ for open_ in self._exchanges if not open_.over]
        self._exchanges.append(exchange)
        self.begin_time()

    def begin_time(self) -> None:
        """Restart the time limit for a request."""
        limit = self.host.time_limit
        self.deadline = None if limit is None else time.monotonic() + limit

    @property
    def overdue(self) -> bool:
        """Whether the guest's time limit has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def untimed(self) -> AbstractContextManager[None]:
        """Exclude work of the platform from the guest's time limit."""
        return _Untimed(self)

    def background(self, work: Callable[[], T]) -> "Future[T]":
        """Run work that the guest may wait for on a thread of the sandbox."""
        if self._workers is None:
            self._workers = self.host.workers()
        return self._workers.submit(copy_context().run, work)

    def backend(self, name: str) -> BackendConfig | None:
        """Return a backend by name, static ones first."""
        return self.host.config.backends.get(name) or self.dynamic_backends.get(name)

    def end(self, failure: str | None) -> None:
        """Release everything, and end what the guest left open.

        Args:
            failure: The guest's failure, if it failed.
        """
        self.deadline = None
        for exchange in self._exchanges:
            exchange.answer_for(failure)
        if self.next is not None:
            self.following.leave(self.next)
        while self.at_end:
            self.at_end.pop()()
        while self.held:
            self.held.popitem()[1]()
        if self._workers is not None:
            self._workers.shutdown(wait=False)

    def active(self) -> AbstractContextManager["Sandbox"]:
        """Make this the sandbox for the host calls of this thread."""
        return _Active(self)


class _Active(AbstractContextManager[Sandbox]):
    # Not a generator: contextlib would set the traceback of an `Err`, which is frozen.

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


class _Untimed(AbstractContextManager[None]):
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __enter__(self) -> None:
        self._deadline, self._sandbox.deadline = self._sandbox.deadline, None
        self._started = time.monotonic()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._deadline is not None:
            self._sandbox.deadline = self._deadline + time.monotonic() - self._started


def current() -> Sandbox | None:
    """Return the sandbox for this thread's host calls, if there is one."""
    return _current.get(None)


def running() -> Sandbox:
    """Return the sandbox of the current host call; the interfaces always have one."""
    return _current.get()
