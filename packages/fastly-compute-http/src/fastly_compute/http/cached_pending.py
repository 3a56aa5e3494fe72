"""The response to a request that goes through the cache with the app's hooks."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Self

from fastly_compute import core
from fastly_compute.core import Duration, milliseconds
from fastly_compute.http import _wit_cache, in_flight, scope
from fastly_compute.http.cached_send import CachedSend
from fastly_compute.http.errors import WaitTimeout
from fastly_compute.http.headers import checked_field
from fastly_compute.http.pending import Outcome, PendingResponse
from fastly_compute.http.response import Response

if TYPE_CHECKING:
    from wit_world.imports import async_io


class CachedPending(PendingResponse):
    """A pending response whose request may have to be looked up, sent and stored first."""

    __slots__ = ("_edits", "_error", "_flow")

    _edits: list[Callable[[Response], None]]
    _error: BaseException | None
    _flow: CachedSend

    @classmethod
    def _begin(cls, flow: CachedSend) -> Self:
        pending = cls._wrap(_wit_cache.ready())
        pending._sent = flow.sent
        pending._edits = []
        pending._error = None
        pending._flow = flow
        scope.register(pending)
        in_flight.register(pending)
        if flow.waits_for is None:
            pending._advance()  # the lookup does not wait: the request begins at once
        return pending

    @property
    def _resource(self) -> "async_io.Pollable":
        ready = super()._resource
        return ready if self._has_outcome else self._flow.waits_for or ready

    @property
    def _has_outcome(self) -> bool:
        return self._error is not None or self._flow.response is not None

    @property
    def _fetching(self) -> "async_io.Pollable | None":
        return None if self._has_outcome else self._flow.fetching

    @property
    def ready(self) -> bool:
        """Whether `wait` will return or raise at once (``async-io.pollable.is-ready``)."""
        return self._resource.is_ready() and self._is_done()

    def _is_done(self) -> bool:
        """Do what can be done without waiting; return whether the result is there."""
        while not self._has_outcome:
            self._advance()
            if not (self._has_outcome or self._resource.is_ready()):
                return False
        return True

    def _advance(self) -> None:
        try:
            self._flow.advance()
        except Exception as error:
            # It belongs to the call that awaits this response.
            self._error = error

    def wait(self, timeout: Duration | None = None) -> Response:
        """Wait for the head of the response.

        The steps that are left are done here: the request is sent, and the hooks are called.

        Args:
            timeout: As for a request without hooks.

        Returns:
            The response, whose body has not been read yet.

        Raises:
            SendError: No response arrived; the subclass says why, if the host reports it.
            WaitTimeout: The response has not arrived in time. It can be awaited again.
            HandleClosed: The response was awaited or closed before.
            Exception: A hook raised it.
        """
        limit = None if timeout is None else milliseconds(timeout, field="timeout")
        end = None if limit is None else monotonic() + limit / 1000
        while not self._has_outcome:
            resource = self._resource
            if end is not None:
                left = max(0, round((end - monotonic()) * 1000))
                if in_flight.select([resource], left) is None:
                    raise WaitTimeout(f"{self._late} within {limit} ms")
                if self._has_outcome:
                    break  # its own step was done meanwhile
            self._advance()
        core.drop(self._detach("was already awaited"))
        if self._error is not None:
            raise self._error
        response = self._flow.result()
        for edit in self._edits:
            edit(response)
        return response

    def close(self) -> None:
        """Discard the response; closing again does nothing."""
        if not self.closed:
            self._flow.close()
            if self._flow.response is not None:
                self._flow.response.close()
        super().close()

    def set_header(self, name: str, value: str, *, on: Outcome = "any") -> None:
        """Set a header of the response; errors are raised by `wait`, and have no headers."""
        name, value = checked_field(name, value)
        self._edit(lambda response: response.headers.set(name, value), on)

    def add_header(self, name: str, value: str, *, on: Outcome = "any") -> None:
        """Add a header to the response."""
        name, value = checked_field(name, value)
        self._edit(lambda response: response.headers.add(name, value), on)

    def remove_header(self, name: str, *, on: Outcome = "any") -> None:
        """Remove a header from the response."""
        name, _ = checked_field(name, "")

        def remove(response: Response) -> None:
            if name in response.headers:
                del response.headers[name]

        self._edit(remove, on)

    def _edit(self, edit: Callable[[Response], None], on: Outcome) -> None:
        if on not in {"any", "response", "error"}:
            raise ValueError(f"on must be 'any', 'response' or 'error', not {on!r}")
        super()._resource  # noqa: B018 - raises once it is closed
        if on != "error":
            self._edits.append(edit)
