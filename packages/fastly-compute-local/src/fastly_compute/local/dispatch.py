"""Gives each request to a sandbox: to one that waits for its next, or to a new one."""

import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastly_compute.local.exchange import Exchange

if TYPE_CHECKING:
    from fastly_compute.local.host import App, Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """How far sandboxes may be reused by `next-request`; the defaults are Viceroy's.

    Attributes:
        requests: How many further requests one sandbox may ask for, those that did not come in
            time among them; 0 is no reuse.
        wait_ms: How long it may wait for each.
        waiting: How many sandboxes may wait at once.

    Raises:
        ValueError: One of them is below 0.

    Example:
        >>> from fastly_compute.local import Host, Reuse
        >>> host = Host(reuse=Reuse(requests=100))
    """

    requests: int = 5
    wait_ms: int = 10_000
    waiting: int = 5

    def __post_init__(self) -> None:
        for name in ("requests", "wait_ms", "waiting"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be 0 or more")


def none() -> "Future[Exchange | None]":
    """The promise that no further request comes."""
    promised: Future[Exchange | None] = Future()
    promised.set_result(None)
    return promised


class Given:
    """Requests that are all there at once, for sandboxes that run one after the other."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.left = deque(exchanges)

    def wait(self, seconds: float) -> "Future[Exchange | None]":
        """Promise the next one."""
        if not self.left:
            return none()
        promised: Future[Exchange | None] = Future()
        promised.set_result(self.left.popleft())
        return promised

    def leave(self, promised: "Future[Exchange | None]") -> None:
        """Take back what was not begun."""
        exchange = promised.result()
        if exchange is not None:
            self.left.appendleft(exchange)


class Dispatcher:
    """Serves requests as they come, each sandbox in a thread of its own.

    Args:
        host: Where the sandboxes are.
        app: What runs in them.
    """

    def __init__(self, host: "Host", app: "App") -> None:
        self._host = host
        self._app = app
        self._changed = threading.Condition()
        self._waiting: list[tuple[Future[Exchange | None], threading.Timer]] = []
        self._running = 0
        self._closed = False

    def serve(self, exchange: Exchange) -> None:
        """Have a sandbox serve a request, and wait until it is over."""
        self._give(exchange)
        exchange.serve()

    def wait(self, seconds: float) -> "Future[Exchange | None]":
        """Put a sandbox among those that wait for a request."""
        with self._changed:
            if self._closed or len(self._waiting) >= self._host.reuse.waiting:
                return none()
            promised: Future[Exchange | None] = Future()
            timer = threading.Timer(seconds, self._time_out, (promised,))
            timer.daemon = True
            self._waiting.append((promised, timer))
            timer.start()
        return promised

    def leave(self, promised: "Future[Exchange | None]") -> None:
        """Wait no more, and serve what had come for it in another sandbox."""
        self._time_out(promised)
        exchange = promised.result()
        if exchange is not None:
            self._give(exchange)

    def close(self, seconds: float) -> None:
        """Send away the sandboxes that wait, and give the others some seconds to end."""
        with self._changed:
            self._closed = True
            while self._waiting:
                self._settle(*self._waiting.pop(), None)
            end = time.monotonic() + seconds
            while self._running and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)

    def _give(self, exchange: Exchange) -> None:
        with self._changed:
            # The one that waits for the shortest time, as on Viceroy: the others may end.
            if self._waiting:
                self._settle(*self._waiting.pop(), exchange)
                return
            self._running += 1
        thread = threading.Thread(target=self._run, args=(exchange,), name="fastly-compute-sandbox")
        thread.daemon = True
        thread.start()

    def _run(self, exchange: Exchange) -> None:
        try:
            self._host.run(self._app, exchange, self)
        except BaseException:
            # The client has its answer, and no caller is left to be told.
            for line in traceback.format_exc().splitlines():
                self._host.log(line)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

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
