"""The further requests that a sandbox asks for, one after the other."""

from concurrent.futures import Future
from typing import Protocol

from fastly_compute.local.runtime.dispatch import ReuseLimits, no_more_requests
from fastly_compute.local.runtime.exchange import Exchange


class RequestSource(Protocol):
    """A source of further requests for a sandbox."""

    def wait(self, seconds: float) -> "Future[Exchange | None]":
        """Wait some time for the next request; the result is None if none arrives."""

    def leave(self, promised: "Future[Exchange | None]") -> None:
        """Cancel the wait, and serve elsewhere a request that has arrived and was not started."""


class NextRequests:
    """Asks for further requests, and keeps the one that is promised until it starts.

    Args:
        source: The source of the requests.
    """

    def __init__(self, source: RequestSource) -> None:
        self._source = source
        self._asked = 0
        self._promised: Future[Exchange | None] | None = None

    @property
    def promised(self) -> bool:
        """Whether a request is promised and has not started."""
        return self._promised is not None

    def ask(self, limits: ReuseLimits, timeout_ms: int | None) -> "Future[Exchange | None]":
        """Ask for the next request.

        Args:
            limits: The limits for the reuse of sandboxes.
            timeout_ms: The longest wait in milliseconds, if it is shorter than the limit.

        Returns:
            The promise of it; the result is None if none arrives.
        """
        promised = no_more_requests()
        if limits.waiting and self._asked < limits.requests:
            limit = limits.wait_ms if timeout_ms is None else timeout_ms
            promised = self._source.wait(min(limit, limits.wait_ms) / 1000)
        refused = promised.done() and promised.result() is None
        # As on Viceroy: once refused, a sandbox is never reused again.
        self._asked = limits.requests if refused else self._asked + 1
        self._promised = promised
        return promised

    def started(self) -> None:
        """Note that the promised request starts, or that none has arrived."""
        self._promised = None

    def give_back(self, promised: "Future[Exchange | None]") -> None:
        """Return a promise to the source, unless its request has started."""
        if self._promised is promised:
            self.close()

    def close(self) -> None:
        """Return the promise that is open, if there is one."""
        promised, self._promised = self._promised, None
        if promised is not None:
            self._source.leave(promised)
