"""The host: one configuration, with its transport and output, shared by all its sandboxes."""

import contextvars
import sys
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Protocol, Self, TypeVar

from fastly_compute.local.clock import Clock
from fastly_compute.local.config import BackendConfig, HostConfig
from fastly_compute.local.readthrough.cache_rules import CacheRules
from fastly_compute.local.readthrough.origin_exchange import Fetch, OriginExchange
from fastly_compute.local.readthrough.readthrough import Readthrough
from fastly_compute.local.runtime import environment, event_loops
from fastly_compute.local.runtime.dispatch import RequestQueue, ReuseLimits
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.next_requests import RequestSource
from fastly_compute.local.runtime.sandbox import Sandbox, current
from fastly_compute.local.runtime.unavailable import Unavailable, check_unavailable
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
"""Most waits in progress at once, per sandbox and for the host itself."""


class GuestFailed(Exception):
    """The guest failed: it raised, trapped, or returned an error.

    The message is what the client of a development server sees.
    """


class App(Protocol):
    """A guest that can be run, natively or as wasm."""

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's request, and any further ones. Raises `GuestFailed`."""


Interpose = Callable[[str, Callable[..., object], tuple[object, ...]], object]
"""Runs each host call.

It gets the call's name such as ``http-req.send``, its implementation and its arguments. What it
returns or raises is what the guest gets.
"""


ImageOptimizer = Callable[[str, BackendConfig, OriginRequest, str], OriginResponse]
"""Transforms an image, instead of the platform.

It gets the name and configuration of the backend, the request for the original image, and the
options as a query string. It raises `SendFailure` if no response arrives.
"""


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the default output of a host


class Host:
    """Runs guests as Fastly Compute would, with the backends and stores of a configuration.

    Example:
        >>> from fastly_compute.local import Host, HostConfig
        >>> with Host(HostConfig()) as host, host.guest_context() as sandbox:
        ...     print(len(sandbox.id))
        32

    Args:
        config: Backends and stores; by default none.
        output: Called with each line of output of the host and its guests; by default it goes to
            standard error.
        transport: Sends the requests to backends; by default over the network.
        on_log: Called with the name of the log endpoint and each whole message, before it is
            shown.
        on_handoff: Called with each request that a guest hands off to a proxy; returns the response
            to send instead. By default the handoff is logged, and the response is a 502.
        time_limit: Seconds that a guest may take per request, including waits. Bodies still being
            forwarded to the client or an origin without the guest do not count. None for no limit.
        reuse: Limits for the reuse of sandboxes.
        unavailable: What happens when a native app, while it handles a request, does what no
            sandbox can, such as opening a socket: ``"error"`` raises `UnavailableInSandbox` there,
            ``"warn"`` shows an `UnavailableInSandboxWarning` once for each place, and ``"allow"``
            does nothing.

    Raises:
        ValueError: *unavailable* is something else.

    Attributes:
        config: The configuration; changes take effect with a sandbox's next call.
        clock: The time that caches, KV stores and rates use. It can be advanced.
        cache: The contents of the caches.
        kv: The data of the KV stores, which guests change.
        rates: The counts of edge rate limiting.
        penalties: The penalty boxes of edge rate limiting.
        health_checks: Whether backends are healthy. Checks run only without a `transport`; with
            one, a backend's health is the configured one.
        time_limit: The time limit; changes apply to requests that begin later.
        reuse: The limits for the reuse of sandboxes.
        unavailable: What happens when a native app does what no sandbox can.
        warned: The places of such warnings, each with its kind.
        interpose: Intercepts each call of a guest, for tests; by default None.
        image_optimizer: Transforms images, for tests. By default None: guests get `unsupported`.
        caching: Whether requests to backends go through the cache; by default True.
        pushpin_port: The port of a local Pushpin that receives the requests which guests hand off
            to Fanout; None without one.
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
        unavailable: Unavailable = "warn",
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
        self.unavailable = check_unavailable(unavailable)
        self.warned: set[tuple[str, int, str]] = set()
        self.interpose: Interpose | None = None
        self.image_optimizer: ImageOptimizer | None = None
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
        """Write a line to the host's output."""
        self._output(line)

    def write_log(self, endpoint: str, message: bytes) -> None:
        """Show a guest's message to a log endpoint."""
        if self._on_log is not None:
            self._on_log(endpoint, message)
        text = message.decode(errors="replace").removesuffix("\n")
        if text:
            self._output(f"{endpoint} :: " + text.replace("\n", "\\n"))

    def send(
        self,
        name: str,
        config: BackendConfig,
        request: OriginRequest,
        rules: CacheRules,
        over: Callable[[], None] = lambda: None,
    ) -> OriginExchange:
        """Send a request to a backend, through the cache and the host's transport.

        Args:
            name: The backend's name.
            config: The backend's configuration.
            request: The request to send.
            rules: The guest's rules for the cache.
            over: Called when the response has arrived or failed.

        Returns:
            The exchange, which waits for the response.
        """
        fetch: Fetch = partial(self._transport.begin, name, config)
        sandbox = current()
        record = None if sandbox is None else sandbox.exchange.record
        return self._readthrough.begin(
            request,
            rules if self.caching else replace(rules, pass_through=True),
            fetch if record is None else record.timed(fetch),
            over,
            None if record is None else record.looked_up,
        )

    def background(self, work: Callable[[], T]) -> "Future[T]":
        """Run work of the host on a thread that sandboxes do not compete for."""
        return self._workers.submit(contextvars.copy_context().run, work)

    def workers(self) -> ThreadPoolExecutor:
        """Make a pool of threads for a sandbox, which ends with the host at the latest."""
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fastly-compute-worker")
        self._pools.add(pool)
        return pool

    def answer_handoff(self, handoff: Handoff) -> RecordedResponse:
        """Return the response to a request that a guest handed off to a proxy."""
        if self._on_handoff is not None:
            return self._on_handoff(handoff)
        text = f"handed off to {handoff.backend!r} ({handoff.kind}), but this host has no proxy"
        self.log(text)
        return RecordedResponse(
            status=502,
            headers=[("content-type", b"text/plain; charset=utf-8")],
            body=bytearray(text.encode() + b"\n"),
            complete=True,
        )

    def guest_context(self, incoming: Incoming | None = None) -> "GuestContext":
        """Make a sandbox in which the code of this thread is the guest, for use in tests.

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
            exchange: Its first request. When this returns, the response has ended: as the guest
                sent it; as an empty 200 if the guest sent nothing, as on the platform; as a 500
                if the guest failed; or truncated if it failed midway. What the guest left to the
                host to send is still to be sent by `exchange.serve`.
            following: The source of further requests.
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
        """Run guests to serve requests one after the other, and return the responses.

        Args:
            app: The guest. A sandbox that asks for its next request gets it; otherwise each request
                starts a new sandbox.
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
        """Run a guest to serve one request, and return the response.

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
    """A sandbox whose guest is the body of the `with` statement."""

    def __init__(self, host: Host, exchange: Exchange) -> None:
        self._host = host
        self._exchange = exchange

    def __enter__(self) -> Sandbox:
        self._sandbox = Sandbox(
            host=self._host, exchange=self._exchange, following=RequestQueue(())
        )
        environment.install()
        event_loops.install()
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
