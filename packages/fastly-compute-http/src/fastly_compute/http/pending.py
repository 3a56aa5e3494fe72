"""Pending responses, and waiting for several of them."""

from collections.abc import Generator, Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Generic, Literal, Self, TypeAlias, TypeVar

from fastly_compute.core import Duration, Handle, HostError, milliseconds
from fastly_compute.http import _wit, in_flight, scope
from fastly_compute.http.body import Body
from fastly_compute.http.errors import WaitTimeout
from fastly_compute.http.headers import checked_field
from fastly_compute.http.response import Response
from fastly_compute.http.send_errors import SendError

if TYPE_CHECKING:
    from wit_world.imports import async_io

Outcome: TypeAlias = Literal["any", "response", "error"]
"""The responses that a change to a pending response applies to: a response, an error, or both."""

T_co = TypeVar("T_co", covariant=True)
E_co = TypeVar("E_co", bound=HostError, covariant=True)


class Pending(Handle["async_io.Pollable"], Generic[T_co, E_co]):
    """An operation that was started without waiting; it can be awaited once.

    In a coroutine, ``await`` returns the result as `wait` does, while other tasks run. Cancelling
    the task closes the operation.

    A subclass names the exception that `gather` returns, and makes the result of the resource.

    Example:
        >>> from fastly_compute.http import Pending, PendingResponse
        >>> issubclass(PendingResponse, Pending)
        True
    """

    __slots__ = ()

    _failure: type[E_co]

    @property
    def ready(self) -> bool:
        """Whether `wait` will return or raise at once (``async-io.pollable.is-ready``)."""
        return self._resource.is_ready()

    def wait(self, timeout: Duration | None = None) -> T_co:
        """Wait for the result.

        Args:
            timeout: The longest time to wait, as a `datetime.timedelta` or in seconds, less than
                2^32 ms. None waits as long as the host does.

        Returns:
            The result.

        Raises:
            HostError: The operation failed; the subclass says why.
            WaitTimeout: The result has not arrived in time. It can be awaited again.
            HandleClosed: It was awaited or closed before.
        """
        if timeout is not None or in_flight.is_any():
            limit = None if timeout is None else milliseconds(timeout, field="timeout")
            if in_flight.select([self._resource], limit) is None:
                raise WaitTimeout(f"{self._late} within {limit} ms")
        return self._finish(self._detach("was already awaited"))

    def __await__(self) -> Generator[object, None, T_co]:
        """Wait for the result while other tasks run; raises as `wait` does."""
        # An app without coroutines must not pay for asyncio.
        from fastly_compute.http.event_loop import result_of

        return result_of(self).__await__()

    def _is_done(self) -> bool:
        """Whether the result is there, once the resource is ready; otherwise continue."""
        return True

    @property
    def _late(self) -> str:
        """The operation's description in an error."""
        return f"{self!r}: no result"

    def _finish(self, pollable: "async_io.Pollable") -> T_co:
        raise NotImplementedError


class PendingResponse(Pending[Response, SendError]):
    """The response to a request that was sent without waiting; it can be awaited once.

    Several pending requests take as long as the slowest of them. Closing a pending response
    discards it. A handler may also return it: the response then goes to the client when it arrives,
    without being read here.

    Example:
        >>> from fastly_compute.http import Request, Response
        >>> def page() -> Response:
        ...     news = Request("GET", "https://news.example/").send_async("news")
        ...     stocks = Request("GET", "https://stocks.example/").send_async("stocks")
        ...     return Response.json([news.wait().body.read(), stocks.wait().body.read()])
    """

    __slots__ = ("_sent",)

    _created_by = "Request.send_async"

    _failure = SendError

    _sent: _wit.Sent

    @classmethod
    def _of(cls, resource: "async_io.Pollable", sent: _wit.Sent) -> Self:
        pending = cls._wrap(resource)
        pending._sent = sent
        scope.register(pending)
        return pending

    @property
    def backend(self) -> str:
        """The name of the backend that the request went to."""
        return self._sent.backend

    def wait(self, timeout: Duration | None = None) -> Response:
        """Wait for the head of the response (``http-req.await-response``).

        Args:
            timeout: The longest time to wait, as a `datetime.timedelta` or in seconds, less than
                2^32 ms. None waits as long as the backend's own timeouts allow.

        Returns:
            The response, whose body has not been read yet.

        Raises:
            SendError: No response arrived; the subclass says why, if the host reports it.
            WaitTimeout: The response has not arrived in time. It can be awaited again.
            HandleClosed: The response was awaited or closed before.
        """
        return super().wait(timeout)

    def _finish(self, pollable: "async_io.Pollable") -> Response:
        resource, body = _wit.await_response(pollable, self._sent)
        return Response._received(resource, body)

    def set_header(self, name: str, value: str, *, on: Outcome = "any") -> None:
        """Set a header of the response to the client (``http-resp.insert-header-pending``).

        It has an effect only if the handler returns this `PendingResponse`.

        Args:
            name: The header's name.
            value: Its value, which replaces all values that the response has.
            on: Whether to change a response, an error response, or both.

        Raises:
            InvalidHeader: The header cannot be sent.
            HandleClosed: The response was awaited or closed before.
            ValueError: *on* has another value.
        """
        _wit.edit_pending("insert", self._resource, *checked_field(name, value), on)

    def add_header(self, name: str, value: str, *, on: Outcome = "any") -> None:
        """Add a header to the response to the client (``append-header-pending``)."""
        _wit.edit_pending("append", self._resource, *checked_field(name, value), on)

    def remove_header(self, name: str, *, on: Outcome = "any") -> None:
        """Remove a header from the response to the client (``remove-header-pending``)."""
        _wit.edit_pending("remove", self._resource, *checked_field(name, ""), on)

    @property
    def _late(self) -> str:
        return f"{self._what} through backend {self.backend!r}: no response"

    @property
    def _what(self) -> str:
        return f"{self._sent.method} {self._sent.url.partition('?')[0]}"

    def __repr__(self) -> str:
        return f"<PendingResponse to {self._what}>"


Waitable = TypeVar("Waitable", bound="Pending[object, HostError] | Body")


def select(waiting: Sequence[Waitable], timeout: Duration | None = None) -> Waitable:
    """Wait for the first of several items to be ready (``async-io.select``).

    Args:
        waiting: Pending responses and other operations, and bodies received from the host, which
            are ready when there is something to read. Each may occur once.
        timeout: The longest time to wait, as a `datetime.timedelta` or in seconds, less than
            2^32 ms; None for no limit.

    Returns:
        The first item in the list that is ready, which can then be awaited or read.

    Raises:
        ValueError: The list is empty, or contains an item twice.
        TypeError: An item is neither a pending operation nor a body.
        WaitTimeout: No item was ready in time.
        HandleClosed: An item was awaited or closed before.
    """
    if not waiting:
        raise ValueError("waiting must not be empty")
    if len({id(item) for item in waiting}) < len(waiting):
        raise ValueError("waiting must not contain an item twice")
    limit = None if timeout is None else milliseconds(timeout, field="timeout")
    end = None if limit is None else monotonic() + limit / 1000
    left = limit
    while True:
        ready = _first_ready(waiting, left)
        if ready is None:
            raise WaitTimeout(f"nothing was ready within {limit} ms (waited for {len(waiting)})")
        if not isinstance(ready, Pending) or ready._is_done():
            return ready
        # One step of several is done; the result is still to come.
        left = None if end is None else max(0, round((end - monotonic()) * 1000))


def _first_ready(waiting: Sequence[Waitable], limit: int | None) -> Waitable | None:
    pollables = []
    for item in waiting:
        pollable = pollable_of(item)
        if pollable is None:
            limit = 0  # this item is ready, and an earlier one may be, too
            break
        pollables.append(pollable)
    index = in_flight.select(pollables, limit) if pollables else None
    if index is not None:
        return waiting[index]
    return waiting[len(pollables)] if len(pollables) < len(waiting) else None


def pollable_of(item: "Pending[object, HostError] | Body") -> "async_io.Pollable | None":
    """Return what to wait for; None if there is something to read already."""
    if isinstance(item, Body):
        return item._waitable()
    if isinstance(item, Pending):
        return item._resource
    kind = type(item).__name__
    raise TypeError(f"each item of waiting must be a pending operation or a Body, not {kind}")


def gather(
    pending: Iterable[Pending[T_co, E_co]], timeout: Duration | None = None
) -> "list[T_co | E_co | WaitTimeout]":
    """Wait for several responses, or other operations, at once.

    Args:
        pending: The pending responses that `Request.send_async` returned, or other operations.
        timeout: The longest time to wait for all of them together; see `select`.

    Returns:
        One result for each, in the order given, which is the response; or the `SendError` if it
        failed (the error of its package, for another operation); or a `WaitTimeout` if it did not
        arrive in time and was discarded.

    Raises:
        HandleClosed: One of them was awaited or closed before.

    Example:
        >>> from fastly_compute.http import Request, Response, gather
        >>> def statuses(urls: list[str]) -> Response:
        ...     sent = [Request("GET", url).send_async() for url in urls]
        ...     found = gather(sent, timeout=2)
        ...     return Response.json(
        ...         [r.status if isinstance(r, Response) else str(r) for r in found]
        ...     )
    """
    end = None
    if timeout is not None:
        end = monotonic() + milliseconds(timeout, field="timeout") / 1000
    return [_outcome(item, end) for item in list(pending)]


def _outcome(item: Pending[T_co, E_co], end: float | None) -> "T_co | E_co | WaitTimeout":
    try:
        return item.wait(None if end is None else max(0.0, end - monotonic()))
    except item._failure as error:
        return error
    except WaitTimeout as error:
        item.close()
        return error
