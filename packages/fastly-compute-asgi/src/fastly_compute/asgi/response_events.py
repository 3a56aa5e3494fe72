"""The events that an app sends to make its response: ``send``."""

import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from fastly_compute.asgi.errors import AsgiError
from fastly_compute.asgi.request_events import RequestEvents
from fastly_compute.asgi.response_start import ResponseStart, pairs, parse_start
from fastly_compute.asgi.types import SentEvent
from fastly_compute.http import BodyError, IncomingRequest, Response, StreamingBody
from fastly_compute.http.downstream import NO_CONTENT
from fastly_compute.http.event_loop import until_ready

T = TypeVar("T")

_PIECE = 64 * 1024
_BYTES = bytes | bytearray | memoryview


class ResponseEvents:
    """The ``send`` of one request.

    Args:
        request: The request.
        received: The request's other events, which end with the response.
    """

    __slots__ = (
        "_bodiless",
        "_done",
        "_failure",
        "_handlers",
        "_last_body",
        "_out",
        "_received",
        "_request",
        "_sent",
        "_start",
    )

    def __init__(self, request: IncomingRequest, received: RequestEvents) -> None:
        self._request = request
        self._received = received
        self._start: ResponseStart | None = None
        self._bodiless = False
        self._out: StreamingBody | None = None
        self._sent = 0
        self._last_body = False  # whether only trailers may follow
        self._done = False
        self._failure: BodyError | None = None
        self._handlers: dict[object, Callable[[SentEvent], Awaitable[None]]] = {
            "http.response.start": self._on_start,
            "http.response.body": self._on_body,
            "http.response.trailers": self._on_trailers,
            "http.response.pathsend": self._on_path,
            "http.response.early_hint": self._on_early_hint,
        }

    async def send(self, event: SentEvent) -> None:
        """Send a part of the response, while other tasks run if the client is slow.

        Raises:
            AsgiError: The event breaks a rule.
            InvalidHeader: A header is invalid in HTTP.
            BodyError: The client accepts no more data: it is gone (an `OSError`).
        """
        kind = event.get("type")
        handle = self._handlers.get(kind)
        if handle is None:
            raise AsgiError(
                f"the app sent {kind!r}, which is not an event of an HTTP response; those are "
                f"{', '.join(map(str, self._handlers))}"
            )
        if self._failure is not None:
            raise self._failure
        if self._done:
            raise AsgiError(f"the app sent {kind} after its response was complete")
        try:
            await handle(event)
        except BodyError as error:
            self._failure = error
            self._received.disconnect()
            raise

    async def _on_start(self, event: SentEvent) -> None:
        if self._start is not None:
            raise AsgiError("the app sent http.response.start twice")
        self._start = start = parse_start(event)
        self._bodiless = self._request.method == "HEAD" or start.status in NO_CONTENT

    def _started(self, kind: str) -> ResponseStart:
        if self._start is None:
            raise AsgiError(f"the app sent {kind} before http.response.start")
        if self._last_body:
            raise AsgiError(f"the app sent {kind} after the last http.response.body")
        return self._start

    async def _on_body(self, event: SentEvent) -> None:
        start = self._started("http.response.body")
        body = event.get("body", b"")
        if not isinstance(body, _BYTES):
            raise AsgiError(f"http.response.body: body must be bytes, not {type(body).__name__}")
        await self._write(start, bytes(body), more=bool(event.get("more_body", False)))

    async def _write(self, start: ResponseStart, body: bytes, *, more: bool) -> None:
        self._count(start, len(body), more=more)
        if self._out is None and not more and not start.trailers:
            self._send_whole(start, body)
            return
        if self._out is None:
            # The host does not know the length of a streamed body, but the app may.
            response = self._response(start, start.length)
            self._out, _ = _sent(self._request.respond_streaming, response)
        elif body and not self._bodiless:
            await until_ready(self._out)
        if body and not self._bodiless:
            self._out.write(body)
        if not more:
            self._last_body = True
            if not start.trailers:
                self._finish()

    def _count(self, start: ResponseStart, size: int, *, more: bool) -> None:
        self._sent += size
        if start.length is None or self._bodiless:
            return
        if self._sent > start.length:
            raise AsgiError(
                f"http.response.body: the body is longer than its content-length of {start.length}"
            )
        if not more and self._sent < start.length:
            raise AsgiError(
                f"http.response.body: the body ended after {self._sent} bytes, but its "
                f"content-length is {start.length}"
            )

    def _response(self, start: ResponseStart, length: int | None, body: bytes = b"") -> Response:
        response = Response(start.status, start.headers, body)
        if length is not None and start.status not in NO_CONTENT:
            response.headers.add("content-length", str(length))
            response.manual_framing = True
        return response

    def _send_whole(self, start: ResponseStart, body: bytes) -> None:
        # The host computes the length, except of a body that is left out.
        length = start.length if self._bodiless else None
        _sent(self._request.respond, self._response(start, length, body))
        self._end()

    def _finish(self) -> None:
        if self._out is not None:
            self._out.finish()
        self._end()

    def _end(self) -> None:
        self._done = True
        self._received.disconnect()

    async def _on_trailers(self, event: SentEvent) -> None:
        if self._start is None or not self._start.trailers:
            raise AsgiError(
                "the app sent http.response.trailers, but its http.response.start did not set "
                "trailers to True"
            )
        if self._out is None or not self._last_body:
            raise AsgiError(
                "the app sent http.response.trailers before the last http.response.body"
            )
        # Clients that do not ask for trailers may not expect them (RFC 9110, section 6.5.1).
        wanted = "trailers" in (self._request.headers.get("te") or "").lower()
        for name, value in pairs(event):
            if wanted:
                self._out.add_trailer(name.decode("latin-1"), value.decode("latin-1"))
        if not event.get("more_trailers", False):
            self._finish()

    async def _on_path(self, event: SentEvent) -> None:
        start = self._started("http.response.pathsend")
        if self._out is not None:
            raise AsgiError("the app sent http.response.pathsend after http.response.body")
        path = event.get("path")
        if not isinstance(path, str):
            raise AsgiError(f"http.response.pathsend: path must be a str, not {path!r}")
        with Path(path).open("rb") as file:
            left = file.seek(0, os.SEEK_END)  # an embedded file has no descriptor to ask
            file.seek(0)
            while left > _PIECE:
                piece = file.read(_PIECE)
                left = left - len(piece) if piece else 0
                await self._write(start, piece, more=True)
            await self._write(start, file.read(), more=False)

    async def _on_early_hint(self, event: SentEvent) -> None:
        if self._request.answered:
            raise AsgiError(
                "the app sent http.response.early_hint after the first http.response.body"
            )
        links = event.get("links", ())
        hints = []
        for link in links if isinstance(links, Iterable) else [links]:
            if not isinstance(link, bytes):
                raise AsgiError("http.response.early_hint: links must be an iterable of bytes")
            hints.append(("Link", link.decode("latin-1")))
        self._request.send_early_hints(hints)

    def check_complete(self) -> None:
        """Check that the app may return.

        Raises:
            AsgiError: The response is incomplete.
        """
        if self._done or self._failure is not None:
            return
        if self._start is None and self._request.answered:
            return  # the app used fastly.request
        if self._start is None:
            raise AsgiError("the app returned without sending http.response.start")
        if not self._last_body:
            raise AsgiError(
                "the app returned before its response was complete: the last http.response.body "
                "must not set more_body"
            )
        raise AsgiError("the app returned without sending http.response.trailers")

    def abort(self) -> None:
        """Abort the response if it is incomplete, so that the client does not take it for whole."""
        if self._out is not None:
            self._out.close()
        self._received.disconnect()


def _sent(send: Callable[[Response], T], response: Response) -> T:
    """Send a response; if that fails, leave nothing of it on the host."""
    try:
        return send(response)
    except BaseException:
        response.close()
        raise
