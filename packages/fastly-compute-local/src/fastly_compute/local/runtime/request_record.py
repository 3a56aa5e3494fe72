"""What serving one request took: the content of the development server's request log."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from fastly_compute.local.state import CacheOutcome

T = TypeVar("T")
Asked = TypeVar("Asked")

_PLURALS: dict[CacheOutcome, str] = {"hit": "hits", "stale": "stale", "miss": "misses"}
"""The outcomes that a summary names. The backend calls show what bypassed the cache."""


@dataclass(slots=True)
class CallTally:
    """How often a guest called one function of the host, and how long that took in all.

    Example:
        >>> tally = CallTally(count=2, seconds=0.005)
        >>> f"{tally.seconds / tally.count:.4f} s per call"
        '0.0025 s per call'

    Attributes:
        count: The number of calls.
        seconds: The time within them, waits included.
    """

    count: int = 0
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """What serving one request took.

    It has no header, no query and no body: none of these can leak from a log of requests.

    Example:
        >>> record = RequestRecord(method="GET", path="/shop", status=200, seconds=0.0042)
        >>> record.summary()
        'GET /shop 200 in 4.2 ms'

    Attributes:
        method: The request's method.
        path: The path of its URL, without the query.
        has_query: Whether the URL has a query.
        status: The status of the response; None if the request was handed off.
        aborted: Whether the response ended early: the guest failed, or the client went away.
        seconds: The time from the head of the request to the end of the response.
        request_bytes: How much of the request's body was read from the client.
        response_bytes: How many bytes of the response's body were sent.
        backend_calls: How many requests were sent to backends; the cache answers others.
        backend_seconds: The time until the heads of their responses, added up: backends that
            respond at the same time count in full.
        cache: How many lookups in the caches had each outcome.
        host_calls: What the guest called, if calls are profiled with `profile_call`.
        host_seconds: The time within these calls.
        guest_read_bytes: The bytes of bodies that the guest itself read, if calls are profiled.
        guest_written_bytes: The bytes of bodies that the guest itself wrote, if calls are profiled.
        sandbox_seconds: The time that the sandbox spent on the request.
        waited_seconds: The time before that: waiting for a free sandbox, and starting it.
    """

    method: str
    path: str
    has_query: bool = False
    status: int | None = None
    aborted: bool = False
    seconds: float = 0.0
    request_bytes: int = 0
    response_bytes: int = 0
    backend_calls: int = 0
    backend_seconds: float = 0.0
    cache: dict[CacheOutcome, int] = field(default_factory=dict)
    host_calls: dict[str, CallTally] = field(default_factory=dict)
    host_seconds: float = 0.0
    guest_read_bytes: int = 0
    guest_written_bytes: int = 0
    sandbox_seconds: float = 0.0
    waited_seconds: float = 0.0
    _arrived: float = field(default_factory=time.perf_counter, repr=False)
    _begun: float = field(default=0.0, repr=False)
    _left: bool = field(default=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def guest_seconds(self) -> float:
        """The time in the guest itself: that of the sandbox without the profiled calls."""
        return max(self.sandbox_seconds - self.host_seconds, 0.0)

    def summary(self) -> str:
        """Write it as one line, without what was profiled."""
        path = f"{self.path}?..." if self.has_query else self.path
        outcome = "handed off" if self.status is None else str(self.status)
        parts = [f"{self.method} {path} {outcome} in {self.seconds * 1000:.1f} ms"]
        if self.backend_calls:
            plural = "" if self.backend_calls == 1 else "s"
            calls = f"{self.backend_calls} backend call{plural}"
            parts.append(f"{calls} ({self.backend_seconds * 1000:.1f} ms)")
        found = [(self.cache.get(name, 0), name, plural) for name, plural in _PLURALS.items()]
        counts = [f"{n} {name if n == 1 else plural}" for n, name, plural in found if n]
        if counts:
            parts.append(f"cache {', '.join(counts)}")
        if self.aborted:
            parts.append("aborted")
        return ", ".join(parts)

    def begin(self) -> None:
        """Note that a sandbox begins with the request."""
        if not self._left:
            self._begun = time.perf_counter()
            self.waited_seconds = self._begun - self._arrived

    def leave(self) -> None:
        """Note that the guest is done with the request."""
        if self._begun and not self._left:
            self._left = True
            self.sandbox_seconds = time.perf_counter() - self._begun

    def end(self) -> None:
        """Note that the response has ended."""
        self.seconds = time.perf_counter() - self._arrived

    def looked_up(self, outcome: CacheOutcome) -> None:
        """Count a lookup in a cache."""
        with self._lock:
            self.cache[outcome] = self.cache.get(outcome, 0) + 1

    def timed(
        self, fetch: Callable[[Asked], Callable[[], T]]
    ) -> Callable[[Asked], Callable[[], T]]:
        """Count and time what a function that starts requests to a backend sends."""

        def begin(asked: Asked) -> Callable[[], T]:
            with self._lock:
                self.backend_calls += 1
            return partial(self._response, time.perf_counter(), fetch(asked))

        return begin

    def _response(self, started: float, get: Callable[[], T]) -> T:
        try:
            return get()
        finally:
            with self._lock:
                self.backend_seconds += time.perf_counter() - started

    def called(self, label: str, seconds: float) -> None:
        """Count a call of the guest, unless the guest has left the request meanwhile."""
        if not self._left:
            tally = self.host_calls.setdefault(label, CallTally())
            tally.count += 1
            tally.seconds += seconds
            self.host_seconds += seconds
