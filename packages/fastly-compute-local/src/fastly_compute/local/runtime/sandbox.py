"""One run of the guest: its request, its response, and its host."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import InitVar, dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.handles import Handles
from fastly_compute.local.runtime.next_requests import NextRequests, RequestSource

if TYPE_CHECKING:
    from fastly_compute.local.host import Host

T = TypeVar("T")

_current: ContextVar["Sandbox"] = ContextVar("fastly_compute.local.runtime.sandbox")


Environment: TypeAlias = dict[str | bytes, str | bytes]
"""Environment variables, encoded as `os.environ` encodes them."""


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """The state of one guest while it runs.

    Attributes:
        host: The host, with its configuration, transport and logs.
        exchange: The client's request and its response; the latest one if the sandbox is reused.
        following: The source of further requests.
        dynamic_backends: The backends that the guest registered, by name.
        handles: The resources that a guest in wasm holds.
        id: Its unique identifier, as `compute-runtime.get-sandbox-id` returns it.
        next_requests: Its further requests.
        deadline: When the guest's time limit passes, on the clock of `time.monotonic`.
        cpu_started: The CPU time of its thread when it began, in nanoseconds.

    Example:
        >>> from fastly_compute.local import BackendConfig, Host, HostConfig
        >>> config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:8080")})
        >>> with Host(config) as host, host.guest_context() as sandbox:
        ...     sandbox.backend("origin").port
        8080
    """

    host: "Host"
    exchange: Exchange
    following: InitVar[RequestSource]
    dynamic_backends: dict[str, BackendConfig] = field(default_factory=dict)
    handles: Handles = field(default_factory=Handles)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    next_requests: NextRequests = field(init=False)
    deadline: float | None = None
    cpu_started: int = field(default_factory=time.thread_time_ns)
    _calls: int = 0
    _written: int = 0
    _interrupt: BaseException | None = None
    _show: Callable[[], None] = lambda: None
    _give_turn: Callable[[], AbstractContextManager[None]] = nullcontext
    _at_end: list[Callable[[], None]] = field(default_factory=list)
    _held: dict[object, Callable[[], None]] = field(default_factory=dict)
    _environment: Environment | None = None
    _exchanges: list[Exchange] = field(default_factory=list)
    _workers: ThreadPoolExecutor | None = None

    def __post_init__(self, following: RequestSource) -> None:
        self.next_requests = NextRequests(following)
        self.begin(self.exchange)

    def begin(self, exchange: Exchange) -> None:
        """Switch to a request, and restart its time limit and memory limit."""
        self.exchange = exchange
        self._written = 0
        self._exchanges = [open_ for open_ in self._exchanges if not open_.over]
        self._exchanges.append(exchange)
        self.begin_time()

    def begin_time(self) -> None:
        """Restart the time limit for a request."""
        if self.exchange.record is not None:
            self.exchange.record.begin()
        self.resume_time(self.host.time_limit)

    def stop_time(self) -> float | None:
        """Stop the time limit, and return how many seconds of it are left; None for no limit."""
        left = None if self.deadline is None else self.deadline - time.monotonic()
        self.deadline = None
        return left

    def resume_time(self, left: float | None) -> None:
        """Continue with the seconds of the time limit that are left; None for no limit."""
        self.deadline = None if left is None else time.monotonic() + left

    @property
    def overdue(self) -> bool:
        """Whether the guest's time limit has passed."""
        deadline = self.deadline  # once: the guest's thread may stop the time meanwhile
        return deadline is not None and time.monotonic() >= deadline

    def untimed(self) -> AbstractContextManager[None]:
        """Exclude work of the platform from the guest's time limit."""
        return _Untimed(self)

    def background(self, work: Callable[[], T]) -> "Future[T]":
        """Run work that the guest may wait for on a thread of the sandbox."""
        if self._workers is None:
            self._workers = self.host.workers()
        return self._workers.submit(copy_context().run, work)

    @property
    def calling(self) -> bool:
        """Whether a host call is in progress."""
        return self._calls > 0

    @property
    def nested(self) -> bool:
        """Whether the host call in progress was made by another one, not by the guest."""
        return self._calls > 1

    def call(self, label: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Run a host call of the guest; a test may have it intercepted.

        Args:
            label: Its name, such as ``http-req.send``.
            function: Its implementation.
            arguments: Its arguments.
        """
        self._calls += 1
        try:
            if self.host.interpose is not None:
                return self.host.interpose(label, function, arguments)
            return function(*arguments)
        finally:
            self._calls -= 1

    def interrupt(self, interrupt: BaseException) -> None:
        """Keep an exception that ended a host call and is not the guest's, such as Ctrl-C."""
        self._interrupt = interrupt

    def raise_interrupt(self) -> None:
        """Raise the exception that ended a host call and is not the guest's, if there is one."""
        if self._interrupt is not None:
            raise self._interrupt from None

    def share_turns(self, give_turn: Callable[[], AbstractContextManager[None]]) -> None:
        """Let others run while the guest rests: it enters this context manager then."""
        self._give_turn = give_turn

    def resting(self) -> AbstractContextManager[None]:
        """Return a context manager to enter while the guest waits, so that others may run."""
        return self._give_turn()

    def show_with(self, show: Callable[[], None]) -> None:
        """Set what shows the guest's output, if that does not happen at once."""
        self._show = show

    def show(self) -> None:
        """Show what the guest has printed so far."""
        self._show()

    def environment(self, make: Callable[[], Environment]) -> Environment:
        """Return its own environment variables, which *make* makes when they are first used."""
        if self._environment is None:
            self._environment = make()
        return self._environment

    def write_in_memory(self, size: int, most: int) -> bool:
        """Count bytes that the guest writes into bodies in memory, for the latest request.

        Args:
            size: How many bytes it writes.
            most: How many it may write.

        Returns:
            Whether it may write them; otherwise they are not counted.
        """
        if self._written + size > most:
            return False
        self._written += size
        return True

    def call_at_end(self, function: Callable[[], None]) -> None:
        """Call a function at the end, before those that were added earlier."""
        self._at_end.append(function)

    def hold(self, resource: object, release: Callable[[], None]) -> None:
        """Release an open resource at the end, unless `let_go` comes first."""
        self._held[resource] = release

    def let_go(self, resource: object) -> None:
        """Leave a resource as it is at the end."""
        self._held.pop(resource, None)

    def register_backend(self, name: str, config: BackendConfig) -> None:
        """Add a dynamic backend."""
        self.dynamic_backends[name] = config

    def backend(self, name: str) -> BackendConfig | None:
        """Return a backend by name, static ones first."""
        return self.host.config.backends.get(name) or self.dynamic_backends.get(name)

    def end(self, failure: str | None) -> None:
        """Release everything, and end what the guest left open.

        Args:
            failure: The guest's failure, if it failed.
        """
        self.stop_time()
        for exchange in self._exchanges:
            exchange.answer_for(failure)
        self.next_requests.close()
        while self._at_end:
            self._at_end.pop()()
        while self._held:
            self._held.popitem()[1]()
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
        self._left = self._sandbox.stop_time()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._left is not None:
            self._sandbox.resume_time(self._left)


def current() -> Sandbox | None:
    """Return the sandbox for this thread's host calls, if there is one."""
    return _current.get(None)


def running() -> Sandbox:
    """Return the sandbox of the current host call; the interfaces always have one."""
    return _current.get()
