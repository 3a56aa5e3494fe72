"""The host: one configuration, its origins and its output, shared by all the sandboxes in it."""

import contextvars
import sys
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self, TypeVar

from fastly_compute.local.clock import Clock
from fastly_compute.local.config import BackendConfig, HostConfig
from fastly_compute.local.readthrough.readthrough import CacheRules, Readthrough
from fastly_compute.local.runtime import environment
from fastly_compute.local.runtime.dispatch import RequestQueue, ReuseLimits
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.sandbox import RequestSource, Sandbox
from fastly_compute.local.server.downstream import Incoming, RecordedResponse
from fastly_compute.local.server.handoff import Handoff
from fastly_compute.local.state import (
    CacheData,
    HealthChecks,
    KvData,
    PenaltyBoxes,
    RateCounters,
)
from fastly_compute.local.transport import HTTPTransport, OriginRequest, OriginResponse, Transport

T = TypeVar("T")

_AT_ONCE = 128
"""How many things may be under way at once that a sandbox waits for, or the host itself."""


class GuestFailed(Exception):
    """The guest did not end well: it raised, trapped, or returned an error.

    Its text is what the client of a development server gets to see.
    """


class App(Protocol):
    """A guest that can be run, natively or as wasm."""

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's request, and those that it is given next. Raises `GuestFailed`."""


Interpose = Callable[[str, Callable[..., object], tuple[object, ...]], object]
"""Takes each host call: its name such as ``http-req.send``, what does it, and the arguments.

What it returns or raises is what the guest gets.
"""


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the host's output, unless one is given


class Host:
    """Runs guests as Fastly Compute would, with the backends and stores of a configuration.

    Example:
        >>> from fastly_compute.local import Host, HostConfig
        >>> with Host(HostConfig()) as host, host.guest_context() as sandbox:
        ...     print(len(sandbox.id))
        32

    Args:
        config: Backends and stores, by default none.
        output: Takes each line that the host and its guests have to say; by default it goes to
            the standard error.
        transport: Takes the requests to backends; by default they really go out.
        on_log: Takes each message to a log endpoint, with the endpoint's name, whole and before
            it is shown.
        on_handoff: Takes each request that a guest leaves to a proxy, and answers in its place.
            By default that is said in the output, and the answer is a 502.
        time_limit: How many seconds a guest may take for one request, its waits included. Bodies
            that go on to the client or an origin without it do not count. None is no limit.
        reuse: How far sandboxes may be reused.

    Attributes:
        config: What it was given; a sandbox sees a change with its next call.
        clock: The time that caches, KV stores and rates go by. It can be moved.
        cache: What the caches hold.
        kv: The data of the KV stores, which guests change.
        rates: The counts of edge rate limiting.
        penalties: The penalty boxes of edge rate limiting.
        health_checks: Whether backends are healthy. Checks are run only without a `transport`; with
            one, a backend's health is the configured one.
        time_limit: What it was given; it is that of each request that begins after a change.
        reuse: What it was given.
        interpose: Takes each call of a guest, for tests; by default None.
        caching: Whether requests to backends go through the cache, by default so.
        pushpin_port: Where a Pushpin listens on this machine that takes the requests which guests
            leave to Fanout; None where there is none.
    """

    def __init__(
        self,
        config: HostConfig | None = None,
        *,
        output: Callable[[str], None] = _print,
        transport: Transport | None = None,
        on_log: Callable[[str, bytes], None] | None = None,
        on_handoff: Callable[[Handoff], RecordedResponse] | None = None,
        time_limit: float | None = None,
        reuse: ReuseLimits = ReuseLimits(),  # noqa: B008 - a frozen value
    ) -> None:
        self.config = config or HostConfig()
        self.clock = Clock()
        self.origins = HTTPTransport()
        self.cache = CacheData(self.clock)
        self.kv = KvData(self.config.kv_stores, clock=self.clock)
        self.rates = RateCounters(clock=self.clock)
        self.penalties = PenaltyBoxes(clock=self.clock)
        self.health_checks = HealthChecks(self.clock, self.log, run=transport is None)
        self.time_limit = time_limit
        self.reuse = reuse
        self.interpose: Interpose | None = None
        self.caching = True
        self.pushpin_port: int | None = None
        self._output = output
        self._transport = transport or self.origins
        self._on_log = on_log
        self._on_handoff = on_handoff
        self._pools: weakref.WeakSet[ThreadPoolExecutor] = weakref.WeakSet()
        self._workers = self.workers()
        self._readthrough = Readthrough(self.cache, self.clock, self.log, self.background)
        for name, backend in self.config.backends.items():
            self.health_checks.watch(name, backend)

    def log(self, line: str) -> None:
        """Say something about what happens in the host."""
        self._output(line)

    def write_log(self, endpoint: str, message: bytes) -> None:
        """Show what a guest wrote to a log endpoint."""
        if self._on_log is not None:
            self._on_log(endpoint, message)
        text = message.decode(errors="replace").removesuffix("\n")
        if text:
            self._output(f"{endpoint} :: " + text.replace("\n", "\\n"))

    def send(
        self, name: str, config: BackendConfig, request: OriginRequest, rules: CacheRules
    ) -> Callable[[], OriginResponse]:
        """Send a request to a backend through the cache, the way that this host has for it.

        Args:
            name: The backend's name.
            config: What the backend is.
            request: What to send.
            rules: What the guest wants of the cache.

        Returns:
            What gets the response, on any thread. It raises `SendFailure` where there is none.
        """
        if not self.caching:
            return self._transport.begin(name, config, request)
        return self._readthrough.begin(
            request, rules, lambda asked: self._transport.begin(name, config, asked)
        )

    def background(self, work: Callable[[], T]) -> "Future[T]":
        """Do something of the host's own on another thread: no sandbox can take them all up."""
        return self._workers.submit(contextvars.copy_context().run, work)

    def workers(self) -> ThreadPoolExecutor:
        """Make threads for a sandbox, which end with the host at the latest."""
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fastly-compute-worker")
        self._pools.add(pool)
        return pool

    def answer_handoff(self, handoff: Handoff) -> RecordedResponse:
        """RecordedResponse in the place of the proxy that a guest left a request to."""
        if self._on_handoff is not None:
            return self._on_handoff(handoff)
        text = f"handed off to {handoff.backend!r} ({handoff.kind}), and nothing is there"
        self.log(text)
        return RecordedResponse(
            status=502,
            headers=[("content-type", b"text/plain; charset=utf-8")],
            body=bytearray(text.encode() + b"\n"),
            complete=True,
        )

    def guest_context(self, incoming: Incoming | None = None) -> "GuestContext":
        """Make a sandbox in which this thread's code is the guest, as a test wants it.

        Args:
            incoming: The client's request, by default a GET of ``/``.

        Returns:
            A context manager that enters the sandbox.
        """
        return GuestContext(self, Exchange(incoming or Incoming(), RecordedResponse()))

    def run(self, app: App, exchange: Exchange, following: RequestSource) -> None:
        """Run a guest in a new sandbox until it ends.

        Args:
            app: The guest.
            exchange: Its first request. The answer is ended: with what the guest sent; with an
                empty 200 where it sent nothing, as the platform does; with a 500 where it failed;
                or broken off where it failed half-way. What the guest left to the host of an
                answer is still to be served by the exchange.
            following: Where it gets further requests from.
        """
        sandbox = Sandbox(host=self, exchange=exchange, following=following)
        failure: str | None = "the host was interrupted"
        try:
            with sandbox.active():
                try:
                    app.run(sandbox)
                    failure = None
                except GuestFailed as failed:
                    failure = str(failed)
                    self.log(f"the guest failed: {failure}")
        finally:
            sandbox.end(failure)

    def requests(self, app: App, incomings: Iterable[Incoming]) -> list[RecordedResponse]:
        """Have guests serve requests one after the other, and keep the answers.

        Args:
            app: The guest. A sandbox that asks for its next request gets it; the first request, and
                those after a sandbox has ended, begin a new one.
            incomings: The requests.
        """
        answers: list[RecordedResponse] = []
        exchanges = []
        for incoming in incomings:
            answers.append(RecordedResponse())
            exchanges.append(Exchange(incoming, answers[-1]))
        following = RequestQueue(exchanges)
        served = 0
        while following.left:
            self.run(app, following.left.popleft(), following)
            begun = len(exchanges) - len(following.left)
            for exchange in exchanges[served:begun]:
                exchange.serve()
            served = begun
        for i, exchange in enumerate(exchanges):
            if exchange.handed_off is not None:
                answers[i] = self.answer_handoff(exchange.handed_off)
        return answers

    def request(self, app: App, incoming: Incoming | None = None) -> RecordedResponse:
        """Have a guest serve one request, and keep its answer.

        Args:
            app: The guest.
            incoming: The request, by default a GET of ``/``.
        """
        return self.requests(app, [incoming or Incoming()])[0]

    def close(self) -> None:
        """Close the connections to the origins."""
        self.health_checks.close()
        self.origins.close()
        for pool in list(self._pools):
            pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class GuestContext(AbstractContextManager[Sandbox]):
    """A sandbox whose guest is the code of the `with`."""

    def __init__(self, host: Host, exchange: Exchange) -> None:
        self._host = host
        self._exchange = exchange

    def __enter__(self) -> Sandbox:
        self._sandbox = Sandbox(
            host=self._host, exchange=self._exchange, following=RequestQueue(())
        )
        environment.install()
        self._active = self._sandbox.active()
        return self._active.__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._active.__exit__(exc_type, exc_value, traceback)
        self._sandbox.end(None)
        self._exchange.serve()
