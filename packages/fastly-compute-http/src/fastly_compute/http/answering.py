"""The answer, on its way to the client."""

from typing import TYPE_CHECKING

from fastly_compute.http import _wit, scope
from fastly_compute.http.body import Body
from fastly_compute.http.errors import HttpError, InvalidStatus
from fastly_compute.http.response import Response
from fastly_compute.http.streaming import StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import async_io

    from fastly_compute.http.incoming import IncomingRequest

_NO_CONTENT = frozenset({204, 205, 304})


class Answered:
    """What a handler returns where the answer is on its way already, or is another's.

    Example:
        >>> from fastly_compute.http import Answered, IncomingRequest, Response, service
        >>> def handle(request: IncomingRequest) -> Answered | Response:
        ...     if request.path == "/chat":
        ...         return request.handoff_websocket("chat")
        ...     return Response.text("There is a chat at /chat.")
        >>> HttpIncoming = service(handle)
    """

    __slots__ = ()


def send(request: "IncomingRequest", response: Response, *, to_head: bool) -> None:
    """Send an answer to its end, or leave its body to the host."""
    _check_unanswered(request)
    body = response.body
    if not response._passes_through and _has_no_content(response, to_head=to_head):
        body._discard()
        body = Body()
    if body._is_produced:
        _stream(request, response, body)
        return
    pollable = body._to_host()
    try:
        resource = response._to_host()
    except BaseException:
        _wit.drop(pollable)
        raise
    _wit.send_downstream(resource, pollable)
    request._answered = True


def begin(request: "IncomingRequest", response: Response, *, to_head: bool) -> StreamingBody:
    """Send an answer that is written on from there."""
    _check_unanswered(request)
    if _has_no_content(response, to_head=to_head):
        send(request, response, to_head=to_head)
        out = StreamingBody._adopt(_wit.new_body())  # which goes nowhere
        scope.note(out)
        return out
    body = response.body
    out = _begin(request, response, _wit.new_body() if body._is_produced else body._to_host())
    scope.note(out)
    if body._is_produced:
        out.append(body)
    return out


def _check_unanswered(request: "IncomingRequest") -> None:
    if request._answered:
        raise HttpError("the request has its answer already, or is another's to answer")


def _has_no_content(response: Response, *, to_head: bool) -> bool:
    if not 200 <= response.status <= 599:
        raise InvalidStatus(f"an answer's status must be 200 to 599, not {response.status}")
    return to_head or response.status in _NO_CONTENT


def _begin(
    request: "IncomingRequest", response: Response, pollable: "async_io.Pollable"
) -> StreamingBody:
    out = StreamingBody._adopt(pollable)
    try:
        _wit.send_downstream_streaming(response._to_host(), out._wit)
    except BaseException:
        out.close()
        raise
    request._answered = True
    return out


def _stream(request: "IncomingRequest", response: Response, body: Body) -> None:
    pieces = body._as_produced()
    first = next(pieces, b"")  # what fails before the first piece can still become a 500
    with _begin(request, response, _wit.new_body()) as out, body:
        out.write(first)
        for piece in pieces:
            out.write(piece)
        body._write_trailers(out._wit)
