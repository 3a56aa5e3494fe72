"""The response to the client."""

from typing import TYPE_CHECKING

from fastly_compute.core import drop
from fastly_compute.http import _wit, _wit_body, scope
from fastly_compute.http.body import Body
from fastly_compute.http.errors import HttpError, InvalidStatus
from fastly_compute.http.pending import PendingResponse
from fastly_compute.http.response import Response
from fastly_compute.http.streaming import StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import async_io

NO_CONTENT = frozenset({204, 205, 304})
"""The statuses of responses without a body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5)."""


class ResponseSent:
    """The return value of a handler whose response was already sent or handed off.

    Example:
        >>> from fastly_compute.http import ResponseSent, IncomingRequest, Response, service
        >>> def handle(request: IncomingRequest) -> ResponseSent | Response:
        ...     if request.path == "/chat":
        ...         return request.handoff_websocket("chat")
        ...     return Response.text("There is a chat at /chat.")
        >>> HttpIncoming = service(handle)
    """

    __slots__ = ()


class Downstream:
    """Sends the one response to a client's request.

    Attributes:
        answered: Whether a response was begun, or the request was handed off.
    """

    __slots__ = ("answered",)

    def __init__(self) -> None:
        self.answered = False

    def send(self, response: Response, *, to_head: bool) -> None:
        """Send a response to its end, or leave its body to the host."""
        self._check_unanswered()
        body = response.body
        if not response._passes_through and _has_no_content(response, to_head=to_head):
            if to_head and response.status not in NO_CONTENT and body._length:
                response = response._with_length(body._length)
            body._discard()
            body = Body()
        if body._is_produced:
            self._stream(response, body)
            return
        pollable = body._to_host()
        try:
            resource = response._to_host()
        except BaseException:
            drop(pollable)
            raise
        _wit.send_downstream(resource, pollable)
        self.answered = True

    async def send_async(self, response: Response, *, to_head: bool) -> None:
        """Send a response whose body may be an async iterable."""
        body = response.body
        if body._async_pieces is None or _has_no_content(response, to_head=to_head):
            self.send(response, to_head=to_head)
            return
        self._check_unanswered()
        pieces = body._async_pieces.produced(body)
        try:
            first = await anext(pieces, b"")
            with self._begin(response, _wit_body.new_body()) as out, body:
                out.write(first)
                async for piece in pieces:
                    out.write(piece)
                body._write_trailers(out._resource)
        finally:
            await pieces.aclose()

    def begin(self, response: Response, *, to_head: bool) -> StreamingBody:
        """Begin a response, and return the body to write."""
        self._check_unanswered()
        body = response.body
        body._check_sync()
        if _has_no_content(response, to_head=to_head):
            self.send(response, to_head=to_head)
            out = StreamingBody._wrap(_wit_body.new_body())  # which is not sent
            scope.register(out)
        else:
            sent = _wit_body.new_body() if body._is_produced else body._to_host()
            out = self._begin(response, sent)
            scope.register(out)
            if body._is_produced:
                out.append(body)
        return out

    def send_pending(self, pending: PendingResponse) -> None:
        """Let the host send a backend's response when it arrives."""
        self._check_unanswered()
        _wit.send_downstream_pending(pending._detach("was already sent"))
        self.answered = True

    def _check_unanswered(self) -> None:
        if self.answered:
            raise HttpError("a response to this request was already sent, or it was handed off")

    def _begin(self, response: Response, pollable: "async_io.Pollable") -> StreamingBody:
        out = StreamingBody._wrap(pollable)
        try:
            _wit.send_downstream_streaming(response._to_host(), out._resource)
        except BaseException:
            out.close()
            raise
        self.answered = True
        return out

    def _stream(self, response: Response, body: Body) -> None:
        pieces = body._as_produced()
        first = next(pieces, b"")  # what fails before the first piece can still become a 500
        with self._begin(response, _wit_body.new_body()) as out, body:
            out.write(first)
            for piece in pieces:
                out.write(piece)
            body._write_trailers(out._resource)


def _has_no_content(response: Response, *, to_head: bool) -> bool:
    status = response.status
    if not 200 <= status <= 599:
        raise InvalidStatus(
            f"the status of a response to the client must be 200 to 599, not {status}"
        )
    return to_head or status in NO_CONTENT
