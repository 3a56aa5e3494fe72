"""Responses that are on their way, and waiting for several of them."""

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar

from fastly_compute.core import Duration, Handle, milliseconds
from fastly_compute.http import _wit, scope
from fastly_compute.http.body import Body
from fastly_compute.http.errors import WaitTimeout
from fastly_compute.http.headers import checked_field
from fastly_compute.http.response import Response
from fastly_compute.http.send_errors import SendError

if TYPE_CHECKING:
    from wit_world.imports import async_io

Outcome: TypeAlias = Literal["any", "response", "error"]
"""What a change to a pending response is for: a response, the error in its place, or both."""


class PendingResponse(Handle["async_io.Pollable"]):
    """The response to a request that was sent without waiting. It is awaited once.

    Several that are under way take as long as the slowest of them. Closing one gives its response
    up. A handler may also return it as it is: then it goes to the client when it arrives, and none
    of it is read here.

    Example:
        >>> from fastly_compute.http import Request, Response
        >>> def page() -> Response:
        ...     news = Request("GET", "https://news.example/").send_async("news")
        ...     stocks = Request("GET", "https://stocks.example/").send_async("stocks")
        ...     return Response.json([news.wait().body.read(), stocks.wait().body.read()])
    """

    __slots__ = ("_sent",)

    _created_by = "Request.send_async"

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

    @property
    def ready(self) -> bool:
        """Whether `wait` will return or raise at once (``async-io.pollable.is-ready``)."""
        return self._resource.is_ready()

    def wait(self, timeout: Duration | None = None) -> Response:
        """Wait for the head of the response (``http-req.await-response``).

        Args:
            timeout: How long at most, as a `datetime.timedelta` or in seconds, less than 2^32 ms.
                None waits as long as the backend's own timeouts allow.

        Returns:
            The response; its body is still with the host.

        Raises:
            SendError: There was none; the subclass says why, if the host does.
            WaitTimeout: It has not come in this time. It can be waited for again.
            HandleClosed: It was awaited or closed before.
        """
        if timeout is not None:
            limit = milliseconds(timeout, field="timeout")
            if _wit.select([self._resource], limit) is None:
                where = f"through backend {self.backend!r}"
                raise WaitTimeout(f"{self._what} {where}: no response within {limit} ms")
        resource, body = _wit.await_response(self._detach("was already awaited"), self._sent)
        return Response._received(resource, body)

    def set_header(self, name: str, value: str, *, on: Outcome = "any") -> None:
        """Set a header of what goes to the client (``http-resp.insert-header-pending``).

        It counts where the handler returns this `PendingResponse`.

        Args:
            name: The header's name.
            value: Its value, in the place of all that the response has.
            on: For a response, for the error in its place, or for both.

        Raises:
            InvalidHeader: It cannot be sent.
            HandleClosed: It was awaited or closed before.
            ValueError: *on* is something else.
        """
        _wit.edit_pending("insert", self._resource, *checked_field(name, value), on)

    def add_header(self, name: str, value: str, *, on: Outcome = "any") -> None:
        """Add a header to what goes to the client, as `set_header` (``append-header-pending``)."""
        _wit.edit_pending("append", self._resource, *checked_field(name, value), on)

    def remove_header(self, name: str, *, on: Outcome = "any") -> None:
        """Remove a header from what goes to the client (``remove-header-pending``)."""
        _wit.edit_pending("remove", self._resource, *checked_field(name, ""), on)

    @property
    def _what(self) -> str:
        return f"{self._sent.method} {self._sent.url.partition('?')[0]}"

    def __repr__(self) -> str:
        return f"<PendingResponse to {self._what}>"


Waitable = TypeVar("Waitable", bound="PendingResponse | Body")


def select(waiting: Sequence[Waitable], timeout: Duration | None = None) -> Waitable:
    """Wait for the first of several (``async-io.select``).

    Args:
        waiting: Pending responses, and bodies received from the host, which are ready when there is
            something to read. Each may be there once.
        timeout: How long at most, as a `datetime.timedelta` or in seconds, less than 2^32 ms; None
            for as long as it takes.

    Returns:
        The first in the list that is ready. It stays to be awaited or read.

    Raises:
        ValueError: There is nothing to wait for, or one thing is there twice.
        TypeError: One is neither a pending response nor a body.
        WaitTimeout: None was ready in time.
        HandleClosed: One was awaited or closed before.
    """
    if not waiting:
        raise ValueError("waiting: there must be something to wait for")
    if len({id(item) for item in waiting}) < len(waiting):
        raise ValueError("waiting: the same thing is there twice")
    limit = None if timeout is None else milliseconds(timeout, field="timeout")
    pollables = []
    for item in waiting:
        pollable = _pollable(item)
        if pollable is None:
            limit = 0  # this one is ready, and so may be one before it
            break
        pollables.append(pollable)
    index = _wit.select(pollables, limit) if pollables else None
    if index is not None:
        return waiting[index]
    if len(pollables) < len(waiting):
        return waiting[len(pollables)]
    raise WaitTimeout(f"none of {len(waiting)} was ready within {limit} ms")


def _pollable(item: "PendingResponse | Body") -> "async_io.Pollable | None":
    """What to wait for; None where there is something to read at once."""
    if isinstance(item, Body):
        return item._waitable()
    if isinstance(item, PendingResponse):
        return item._resource
    kind = type(item).__name__
    raise TypeError(f"waiting: there are pending responses and bodies to wait for, not a {kind}")


def gather(
    pending: Iterable[PendingResponse], timeout: Duration | None = None
) -> "list[Response | SendError | WaitTimeout]":
    """Wait for all of several responses at once.

    Args:
        pending: What `Request.send_async` returned.
        timeout: How long at most for all of them together; see `select`.

    Returns:
        In the order given, the response; or the `SendError` that there is in its place; or a
        `WaitTimeout`, where it has not come in time and was given up.

    Raises:
        HandleClosed: One was awaited or closed before.

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


def _outcome(item: PendingResponse, end: float | None) -> "Response | SendError | WaitTimeout":
    try:
        return item.wait(None if end is None else max(0.0, end - monotonic()))
    except SendError as error:
        return error
    except WaitTimeout as error:
        item.close()
        return error
