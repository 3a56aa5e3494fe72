"""Assign each request to a sandbox: one that waits for its next request, or a new one."""

import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.limits import Limits

if TYPE_CHECKING:
    from fastly_compute.local.host import App, Host


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseLimits:
    """Limits for the reuse of sandboxes by `next-request`; the defaults are Viceroy's.

    Attributes:
        requests: Most further requests that one sandbox may ask for, including those that did not
            arrive in time; 0 disables reuse.
        wait_ms: Longest wait for each, in milliseconds.
        waiting: Most sandboxes waiting at once.

    Raises:
        ValueError: A limit is below 0.

    Example:
        >>> from fastly_compute.local import Host, ReuseLimits
        >>> host = Host(reuse=ReuseLimits(requests=100))
    """

    requests: int = 5
    wait_ms: int = 10_000
    waiting: int = 5

    def __post_init__(self) -> None:
        for name in ("requests", "wait_ms", "waiting"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be 0 or more")


def no_more_requests() -> "Future[Exchange | None]":
    """Return a promise that no further request arrives."""
    promised: Future[Exchange | None] = Future()
    promised.set_result(None)
    return promised


class RequestQueue:
    """A fixed list of requests, for sandboxes that run one after the other."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.left = deque(exchanges)

    def wait(self, seconds: float) -> "Future[Exchange | None]":
        """Promise the next request."""
        if not self.left:
            return no_more_requests()
        promised: Future[Exchange | None] = Future()
        promised.set_result(self.left.popleft())
        return promised

    def leave(self, promised: "Future[Exchange | None]") -> None:
        """Put back a request that was not started."""
        exchange = promised.result()
        if exchange is not None:
            self.left.appendleft(exchange)


_CLOSING = "the server is closing"


class Busy(Exception):
    """Too many requests are waiting, or one has waited too long."""


@dataclass(eq=False, slots=True)
class _Queued:
    exchange: Exchange
    begun: threading.Event = field(default_factory=threading.Event)
    refused: str = ""

    def refuse(self, why: str) -> None:
        """Let its client know that no sandbox takes it."""
        self.refused = why
        self.begun.set()


@dataclass(slots=True)
class _Lane:
    """Sandboxes with a common limit, and the requests waiting for one of them to end."""

    alive: int = 0
    queue: deque[_Queued] = field(default_factory=deque)


class _Sandboxes:
    """The sandboxes of one app."""

    def __init__(self, dispatcher: "Dispatcher", host: "Host", app: "App") -> None:
        self.host = host
        self.app = app
        self._dispatcher = dispatcher

    def wait(self, seconds: float) -> "Future[Exchange | None]":
        """Promise a sandbox its next request."""
        return self._dispatcher.promise(self, seconds)

    def leave(self, promised: "Future[Exchange | None]") -> None:
        """Cancel the wait, and serve a request that has arrived in another sandbox."""
        self._dispatcher.release(promised)


class Dispatcher:
    """Serves requests as they arrive, each sandbox in its own thread.

    Requests that sandboxes send to their own server do not queue after those of clients: they
    have as many sandboxes again, since every other sandbox may be waiting for such a request.

    Args:
        host: The host of the sandboxes.
        app: The app that they run.
        limits: Limits for sandboxes at once and for waiting requests.
    """

    def __init__(self, host: "Host", app: "App", limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._changed = threading.Condition()
        self._sandboxes = _Sandboxes(self, host, app)
        self._clients = _Lane()
        self._nested = _Lane()
        self._waiting: list[tuple[Future[Exchange | None], threading.Timer]] = []
        self._closed = False

    def serve(self, exchange: Exchange, *, nested: bool = False) -> None:
        """Have a sandbox serve a request, and wait until both are done with it.

        Args:
            exchange: The request.
            nested: Whether a sandbox of this process sent it.

        Raises:
            Busy: No sandbox can take it.
        """
        lane = self._nested if nested else self._clients
        queued = _Queued(exchange)
        with self._changed:
            if self._closed:
                raise Busy(_CLOSING)
            if not nested and self._waiting:
                # The one that began to wait last, as on Viceroy: the others may time out.
                self._settle(*self._waiting.pop(), exchange)
                queued.begun.set()
            elif lane.alive >= self._limits.sandboxes and len(lane.queue) >= self._limits.queued:
                raise Busy(f"{len(lane.queue)} requests are already waiting for a sandbox")
            else:
                lane.queue.append(queued)
                self._advance(lane)
        self._await_sandbox(queued, lane)
        exchange.serve()

    def replace(self, host: "Host", app: "App") -> None:
        """Serve further requests, including those in the queue, with another app."""
        with self._changed:
            self._sandboxes = _Sandboxes(self, host, app)
            self._send_away()

    def promise(self, sandboxes: _Sandboxes, seconds: float) -> "Future[Exchange | None]":
        """Register a sandbox that waits for a request, or give it one from the queue."""
        promised: Future[Exchange | None] = Future()
        with self._changed:
            if self._closed or sandboxes is not self._sandboxes:
                return no_more_requests()
            if self._clients.queue:
                queued = self._clients.queue.popleft()
                promised.set_result(queued.exchange)
                queued.begun.set()
                return promised
            if len(self._waiting) >= sandboxes.host.reuse.waiting:
                return no_more_requests()
            timer = threading.Timer(seconds, self._time_out, (promised,))
            timer.daemon = True
            self._waiting.append((promised, timer))
            timer.start()
        return promised

    def release(self, promised: "Future[Exchange | None]") -> None:
        """Unregister a waiting sandbox, and serve elsewhere a request that has arrived for it."""
        self._time_out(promised)
        exchange = promised.result()
        if exchange is None:
            return
        with self._changed:
            queued = _Queued(exchange)
            # Its client is already waiting for the response, not for a sandbox.
            queued.begun.set()
            self._clients.queue.appendleft(queued)
            self._advance(self._clients)

    def close(self, seconds: float) -> None:
        """End the waiting sandboxes, and give the others some seconds to end."""
        with self._changed:
            self._closed = True
            self._send_away()
            for lane in (self._clients, self._nested):
                for queued in [queued for queued in lane.queue if not queued.begun.is_set()]:
                    lane.queue.remove(queued)
                    queued.refuse(_CLOSING)
            end = time.monotonic() + seconds
            while self._alive and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)

    @property
    def _alive(self) -> int:
        return self._clients.alive + self._nested.alive

    def _await_sandbox(self, queued: _Queued, lane: _Lane) -> None:
        if not queued.begun.wait(self._limits.seconds):
            with self._changed:
                if queued in lane.queue:
                    lane.queue.remove(queued)
                    queued.refuse(f"no sandbox was free within {self._limits.seconds:g} s")
        if queued.refused:
            raise Busy(queued.refused)

    def _advance(self, lane: _Lane) -> None:
        while lane.queue and lane.alive < self._limits.sandboxes:
            queued = lane.queue[0]
            arguments = self._sandboxes, lane, queued.exchange
            threading.Thread(
                target=self._run, args=arguments, name="fastly-compute-sandbox", daemon=True
            ).start()
            lane.queue.popleft()
            lane.alive += 1
            queued.begun.set()

    def _run(self, sandboxes: _Sandboxes, lane: _Lane, exchange: Exchange) -> None:
        # Nested requests go to new sandboxes: a waiting one might be the one that sends them.
        following = sandboxes if lane is self._clients else RequestQueue(())
        try:
            sandboxes.host.run(sandboxes.app, exchange, following)
        except BaseException:
            # The client has its response, and there is no caller left to report this to.
            for line in traceback.format_exc().splitlines():
                sandboxes.host.log(line)
        finally:
            with self._changed:
                lane.alive -= 1
                self._advance(lane)
                self._changed.notify_all()

    def _send_away(self) -> None:
        while self._waiting:
            self._settle(*self._waiting.pop(), None)

    def _time_out(self, promised: "Future[Exchange | None]") -> None:
        with self._changed:
            for entry in self._waiting:
                if entry[0] is promised:
                    self._waiting.remove(entry)
                    self._settle(*entry, None)
                    return

    @staticmethod
    def _settle(
        promised: "Future[Exchange | None]", timer: threading.Timer, exchange: Exchange | None
    ) -> None:
        timer.cancel()
        promised.set_result(exchange)
