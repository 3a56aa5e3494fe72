"""Answering before the handler returns: what `fastly_compute.http` has no public way for yet."""

from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.http import Body, IncomingRequest, StreamingBody, _wit

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_resp

Head: TypeAlias = tuple[int, list[tuple[str, str]], int | None]
"""A status, fields that are checked, and the Content-Length where the host cannot tell it."""


def _response(head: Head) -> "http_resp.Response":
    status, fields, length = head
    if length is None:
        return _wit.new_response(status, fields)
    response = _wit.new_response(status, [*fields, ("Content-Length", str(length))])
    _wit.frame_by_hand(response)
    return response


def is_answered(request: IncomingRequest) -> bool:
    """Tell whether the answer was begun, or is another's after a hand-off."""
    return request._handed_off


def send(request: IncomingRequest, head: Head, content: bytes | Body) -> None:
    """Answer with a body that is complete, or the host's: that goes unread."""
    body: async_io.Pollable
    if isinstance(content, Body):
        body = content._to_host()
    else:
        body = _wit.new_body()
        _wit.write(body, content)
    _wit.send_downstream(_response(head), body)
    request._handed_off = True


def begin(request: IncomingRequest, head: Head) -> StreamingBody:
    """Answer with a body that is written from here on."""
    body = StreamingBody._adopt(_wit.new_body())
    _wit.send_downstream_streaming(_response(head), body._wit)
    request._handed_off = True
    return body
