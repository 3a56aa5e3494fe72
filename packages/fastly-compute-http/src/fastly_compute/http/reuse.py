"""Reusing a sandbox for several requests."""

from dataclasses import dataclass
from time import monotonic

from fastly_compute.core import Duration, HostError, milliseconds
from fastly_compute.http import _wit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """The limits of a reused sandbox (``http-downstream.next-request``).

    A reused sandbox keeps the state of the app's modules, and the backends that it registered, from
    one request to the next, which may come from another visitor. None means that only the
    platform's limits apply; Viceroy's are 6 requests, and 10 s between two requests.

    Attributes:
        max_requests: The maximum number of requests, including the first; 1 or more.
        max_lifetime: How long the sandbox accepts requests, from its first request on: a
            `datetime.timedelta` or seconds, less than 2^32 ms.
        max_memory: The memory in MiB above which it accepts no more requests. A host that does not
            know its memory use reports 0.
        idle_timeout: How long the sandbox waits for the next request, in the same range.
        after_failure: Whether to continue after a request failed, with a 500 or an aborted
            response. The app's modules stay as the failure left them.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value breaks its rule.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response, Reuse, service
        >>> @service(reuse=Reuse(max_requests=1000, max_memory=100))
        ... def HttpIncoming(request: IncomingRequest) -> Response:
        ...     return Response.text("hello")
    """

    max_requests: int | None = None
    max_lifetime: Duration | None = None
    max_memory: int | None = None
    idle_timeout: Duration | None = None
    after_failure: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.after_failure, bool):
            raise TypeError(f"after_failure must be True or False, not {self.after_failure!r}")
        for name in ("max_requests", "max_memory"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise TypeError(f"{name} must be an int or None, not {value!r}")
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        for name in ("max_lifetime", "idle_timeout"):
            value = getattr(self, name)
            if value is not None:
                milliseconds(value, field=name)


class Rounds:
    """Decides whether a sandbox serves another request."""

    def __init__(self, reuse: Reuse) -> None:
        self._reuse = reuse
        self._served = 0
        self._began = monotonic()

    def next(self, *, failed: bool) -> "_wit.Incoming | None":
        """Wait for the next request; None if the sandbox is to end."""
        reuse = self._reuse
        self._served += 1
        if failed and not reuse.after_failure:
            return None
        if reuse.max_requests is not None and self._served >= reuse.max_requests:
            return None
        waits = []
        if reuse.idle_timeout is not None:
            waits.append(milliseconds(reuse.idle_timeout, field="idle_timeout"))
        if reuse.max_lifetime is not None:
            lived = round((monotonic() - self._began) * 1000)
            waits.append(milliseconds(reuse.max_lifetime, field="max_lifetime") - lived)
        longest = min(waits) if waits else None
        if longest is not None and longest <= 0:
            return None
        try:
            if reuse.max_memory is not None and _wit.heap_mib() > reuse.max_memory:
                return None
            return _wit.next_request(longest)
        except HostError:
            # If the host fails, it has no more requests for this sandbox.
            return None
