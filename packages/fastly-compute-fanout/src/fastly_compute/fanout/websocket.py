"""A WebSocket connection that Fanout holds, one request at a time."""

import json
from collections.abc import Mapping
from typing import Self

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.fanout.channels import word
from fastly_compute.fanout.errors import InvalidWebSocketEvents
from fastly_compute.fanout.events import (
    CONTENT_TYPE,
    WebSocketEvent,
    decode_events,
    encode_events,
)
from fastly_compute.fanout.hold import Channels, channels_of
from fastly_compute.http import Headers, IncomingRequest, Response

_MOST = 8 * 1024 * 1024


class WebSocket:
    """The events that came with one request, and those that go back in its answer.

    Fanout makes a request of what the client sends; the app answers it and ends. What has to be
    kept from one to the next is in `meta`.

    Example:
        >>> from fastly_compute.fanout import Grip, WebSocket, is_grip
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> GRIP = Grip(issuer="fastly:SERVICE_ID")
        >>> def handle(request: IncomingRequest) -> Response:
        ...     if not is_grip(request):
        ...         return request.handoff_fanout("self")
        ...     GRIP.verify(request)
        ...     socket = WebSocket.of(request)
        ...     if socket.opening:
        ...         socket.accept()
        ...         socket.subscribe("test")
        ...     for message in socket.messages():
        ...         socket.send(message)
        ...     return socket.answer()
        >>> HttpIncoming = service(handle)
    """

    def __init__(
        self, events: list[WebSocketEvent], *, connection_id: str = "", meta: Mapping[str, str]
    ) -> None:
        self.events = events
        self.connection_id = connection_id
        self.meta = dict(meta)
        self._before = dict(meta)
        self._out: list[WebSocketEvent] = []
        self._accepted = False
        self._keep_alive: int | None = None

    @classmethod
    def of(cls, request: IncomingRequest, *, limit: int = _MOST) -> Self:
        """Read the events of a request. Check first that it came through Fanout: `Grip.verify`.

        Args:
            request: The client's request.
            limit: The most bytes that they may have.

        Raises:
            InvalidWebSocketEvents: It carries no WebSocket events.
            BodyTooLarge: It has more.
        """
        kind = request.headers.get("content-type") or "none"
        if request.method != "POST" or kind.partition(";")[0].strip() != CONTENT_TYPE:
            raise InvalidWebSocketEvents(
                f"WebSocket events are a POST of {CONTENT_TYPE}, not a {request.method} of {kind}"
            )
        body = request.body.read(limit + 1)
        if len(body) > limit:
            request.body.close()
            raise InvalidWebSocketEvents(f"the WebSocket events have more than {limit} bytes")
        return cls(
            decode_events(body),
            connection_id=request.headers.get("connection-id") or "",
            meta={
                name.lower().removeprefix("meta-"): value
                for name, value in request.headers.items()
                if name.lower().startswith("meta-")
            },
        )

    @property
    def opening(self) -> bool:
        """Whether the client wants to open the connection: `accept` it, or return an error."""
        return bool(self.events) and self.events[0].kind == "OPEN"

    @property
    def closing(self) -> WebSocketEvent | None:
        """The CLOSE or DISCONNECT among the events, if there is one."""
        ends = (event for event in self.events if event.kind in {"CLOSE", "DISCONNECT"})
        return next(ends, None)

    def messages(self) -> list[str | bytes]:
        """The messages that the client sent: text, and bytes of the binary ones.

        Raises:
            InvalidWebSocketEvents: A text is not UTF-8.
        """
        return [
            event.text if event.kind == "TEXT" else event.content
            for event in self.events
            if event.kind in {"TEXT", "BINARY"}
        ]

    def accept(self) -> None:
        """Open the connection."""
        self._accepted = True
        self._out.append(WebSocketEvent("OPEN"))

    def send(self, message: str | bytes) -> None:
        """Send a message to the client."""
        if isinstance(message, str):
            # Of text, Fanout passes on what has this prefix, and obeys what has the other.
            self._out.append(WebSocketEvent("TEXT", b"m:" + message.encode()))
        else:
            self._out.append(WebSocketEvent("BINARY", b"m:" + bytes(message)))

    def ping(self, content: bytes = b"") -> None:
        """Send a PING."""
        self._out.append(WebSocketEvent("PING", content))

    def pong(self, content: bytes = b"") -> None:
        """Send a PONG, the answer to a PING with the same content."""
        self._out.append(WebSocketEvent("PONG", content))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, as `WebSocketEvent.close` does."""
        self._out.append(WebSocketEvent.close(code, reason))

    def subscribe(self, channels: Channels) -> None:
        """Have what is published on channels go to the client. Raises `InvalidGrip`."""
        for channel in channels_of(channels):
            said: dict[str, object] = {"type": "subscribe", "channel": channel.name}
            if channel.filters:
                said["filters"] = list(channel.filters)
            self._control(said)

    def unsubscribe(self, channel: str) -> None:
        """Have what is published on a channel no longer go to the client. Raises `InvalidGrip`."""
        self._control({"type": "unsubscribe", "channel": word(channel, "a channel's name")})

    def detach(self) -> None:
        """Leave the connection to Fanout: what the client sends comes here no more."""
        self._control({"type": "detach"})

    def keep_alive(self, every: Duration) -> None:
        """Have Fanout ask again after a time in which nothing came.

        Args:
            every: A `datetime.timedelta` or seconds, whole.
        """
        self._keep_alive = whole_seconds(every, field="every")

    def _control(self, said: Mapping[str, object]) -> None:
        text = json.dumps(said, separators=(",", ":"))
        self._out.append(WebSocketEvent("TEXT", b"c:" + text.encode()))

    def answer(self) -> Response:
        """Make the answer of what was sent.

        A CLOSE of the client's that was not answered is answered with its own code.
        """
        closing = self.closing
        if closing and closing.kind == "CLOSE" and all(e.kind != "CLOSE" for e in self._out):
            self._out.append(closing)
        headers = Headers({"Content-Type": CONTENT_TYPE})
        if self._accepted:
            headers["Sec-WebSocket-Extensions"] = "grip"
        for name in {**self._before, **self.meta}:
            if self.meta.get(name) != self._before.get(name):
                headers[f"Set-Meta-{name}"] = self.meta.get(name, "")
        if self._keep_alive is not None:
            headers["Keep-Alive-Interval"] = str(self._keep_alive)
        return Response(200, headers, encode_events(self._out))
