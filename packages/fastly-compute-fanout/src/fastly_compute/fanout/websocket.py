"""A WebSocket connection that Fanout holds, handled one request at a time."""

import json
from collections.abc import Mapping
from typing import Self

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.fanout.channels import Channels, channels_of, word
from fastly_compute.fanout.errors import InvalidGrip, InvalidWebSocketEvents
from fastly_compute.fanout.events import (
    CONTENT_TYPE,
    WebSocketEvent,
    decode_events,
    encode_events,
    utf_8,
)
from fastly_compute.http import Headers, IncomingRequest, Response

_MOST = 8 * 1024 * 1024
_MOST_CONTROL = 125


class WebSocket:
    """The events that one request carries, and those to send back in its response.

    Fanout sends the app a request with the client's messages; the app responds and ends. State that
    must survive from one request to the next belongs in `meta`.

    Attributes:
        events: The received events.
        connection_id: Fanout's identifier of the connection.
        meta: The connection's metadata: text by lower-case name. The next response saves changes.
            Filters see it too, such as ``user`` for ``skip-self``.

    Args:
        events: The received events.
        connection_id: Fanout's identifier of the connection.
        meta: The connection's current metadata.

    Example:
        >>> from fastly_compute.fanout import Grip, is_grip
        >>> from fastly_compute.http import ResponseSent, IncomingRequest, Response, service
        >>> GRIP = Grip()
        >>> def handle(request: IncomingRequest) -> Response | ResponseSent:
        ...     if not is_grip(request):
        ...         return request.handoff_fanout("self")
        ...     socket = GRIP.verify(request).websocket()
        ...     if socket.opening:
        ...         socket.accept()
        ...         socket.subscribe("test")
        ...     for message in socket.messages():
        ...         socket.send(message)
        ...     return socket.answer()
        >>> HttpIncoming = service(handle)
    """

    def __init__(
        self,
        events: list[WebSocketEvent],
        *,
        connection_id: str = "",
        meta: Mapping[str, str] | None = None,
    ) -> None:
        self.events = events
        self.connection_id = connection_id
        self.meta = dict(meta or {})
        self._before = dict(self.meta)
        self._out: list[WebSocketEvent] = []
        self._accepted = False
        self._keep_alive: int | None = None

    @classmethod
    def _of(cls, request: IncomingRequest) -> Self:
        kind = request.headers.get("content-type") or "none"
        if request.method != "POST" or kind.partition(";")[0].strip().lower() != CONTENT_TYPE:
            raise InvalidWebSocketEvents(
                f"WebSocket events are sent as POST with content type {CONTENT_TYPE}, "
                f"not as {request.method} with {kind}"
            )
        body = request.body.read(_MOST + 1)
        if len(body) > _MOST:
            request.body.close()
            raise InvalidWebSocketEvents(f"the WebSocket events exceed {_MOST} bytes")
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
        """Whether the client wants to open a connection: `accept` it, or respond with an error."""
        return bool(self.events) and self.events[0].kind == "OPEN"

    @property
    def closing(self) -> WebSocketEvent | None:
        """The CLOSE or DISCONNECT event, if there is one."""
        ends = (event for event in self.events if event.kind in {"CLOSE", "DISCONNECT"})
        return next(ends, None)

    def messages(self) -> list[str | bytes]:
        """The messages that the client sent: str for text, bytes for binary ones.

        Raises:
            InvalidWebSocketEvents: A text is not UTF-8.
        """
        return [
            event.text if event.kind == "TEXT" else event.content
            for event in self.events
            if event.kind in {"TEXT", "BINARY"}
        ]

    def accept(self) -> None:
        """Open the connection.

        To choose a subprotocol that the client offered, set the header Sec-WebSocket-Protocol on
        the response.

        Raises:
            InvalidWebSocketEvents: The client is not opening a connection.
        """
        if not self.opening:
            raise InvalidWebSocketEvents("only a connection that is being opened can be accepted")
        self._accepted = True

    def send(self, message: str | bytes) -> None:
        """Send a message to the client: text, or bytes for a binary message.

        Raises:
            InvalidWebSocketEvents: UTF-8 cannot represent the text.
        """
        # Fanout forwards messages with this prefix and executes those with another (see
        # `_control`), so a message that echoes the client's text cannot become a command.
        if isinstance(message, str):
            self._out.append(WebSocketEvent("TEXT", b"m:" + utf_8(message)))
        elif isinstance(message, bytes):
            self._out.append(WebSocketEvent("BINARY", b"m:" + message))
        else:
            raise TypeError(f"a message must be str or bytes, not {type(message).__name__}")

    def ping(self, content: bytes = b"") -> None:
        """Send a PING. PINGs of the client are answered automatically.

        Args:
            content: Its content, up to 125 bytes (RFC 6455, section 5.5).

        Raises:
            InvalidWebSocketEvents: The content is longer.
        """
        if len(content) > _MOST_CONTROL:
            raise InvalidWebSocketEvents(f"a PING holds up to 125 bytes, not {len(content)}")
        self._out.append(WebSocketEvent("PING", content))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, as `WebSocketEvent.close` does."""
        self._out.append(WebSocketEvent.close(code, reason))

    def subscribe(self, channels: Channels) -> None:
        """Subscribe the client to channels.

        Raises:
            InvalidGrip: A channel is invalid, or has a `prev_id`, which WebSockets do not support.
        """
        for channel in channels_of(channels):
            if channel.prev_id is not None:
                raise InvalidGrip(
                    f"prev_id: not supported for a WebSocket, but set on channel {channel.name!r}"
                )
            said: dict[str, object] = {"type": "subscribe", "channel": channel.name}
            if channel.filters:
                said["filters"] = list(channel.filters)
            self._out.append(_control(said))

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe the client from a channel. Raises `InvalidGrip` if the name is invalid."""
        name = word(channel, "a channel's name")
        self._out.append(_control({"type": "unsubscribe", "channel": name}))

    def detach(self) -> None:
        """Leave the connection to Fanout: the app no longer gets the client's messages."""
        self._out.append(_control({"type": "detach"}))

    def keep_alive(self, every: Duration) -> None:
        """Have Fanout send a request without events whenever the connection has been idle.

        Args:
            every: The idle time: a `datetime.timedelta` or a number of seconds; whole seconds, 0
                disables it. Pushpin's minimum is 20.
        """
        self._keep_alive = whole_seconds(every, field="every")

    def answer(self) -> Response:
        """Create the response with all events that were sent.

        It answers each PING of the client, and a CLOSE with the same code unless one was sent.

        Raises:
            InvalidWebSocketEvents: The connection is being opened but was not accepted.
            InvalidGrip: A name in `meta` is empty or not in lower case.
            InvalidHeader: A name or value in `meta` is not valid in a header.
        """
        if self.opening and not self._accepted:
            raise InvalidWebSocketEvents(
                "the client is waiting for its connection: accept() it, or return another response"
            )
        headers = Headers({"Content-Type": CONTENT_TYPE})
        out = []
        if self._accepted:
            headers["Sec-WebSocket-Extensions"] = "grip"
            out.append(WebSocketEvent("OPEN"))
        for name in {**self._before, **self.meta}:
            value = self.meta.get(name, "")
            if value != self._before.get(name, ""):
                if not name or name != name.lower():
                    raise InvalidGrip(f"meta: a name must be in lower case, not {name!r}")
                headers[f"Set-Meta-{name}"] = value
                # Without a value it is deleted; an empty value means the same in the header.
                said = {"value": value} if value else {}
                out.append(_control({"type": "set-meta", "name": name, **said}))
        out += [
            WebSocketEvent("PONG", event.content) for event in self.events if event.kind == "PING"
        ]
        out += self._out
        closing = self.closing
        if closing and closing.kind == "CLOSE" and all(event.kind != "CLOSE" for event in out):
            out.append(closing)
        if self._keep_alive is not None:
            headers["Keep-Alive-Interval"] = str(self._keep_alive)
        return Response(200, headers, encode_events(out))


def _control(said: Mapping[str, object]) -> WebSocketEvent:
    return WebSocketEvent("TEXT", b"c:" + json.dumps(said, separators=(",", ":")).encode())
