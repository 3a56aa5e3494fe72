"""A WebSocket connection that Fanout holds, one request at a time."""

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
    """The events that came with one request, and those that go back in its answer.

    Fanout makes a request of what the client sends; the app answers it and ends. What has to be
    kept from one to the next is in `meta`.

    Attributes:
        events: What came.
        connection_id: Fanout's name for the connection.
        meta: What is known of the connection: text by name, names in lower case. Changes are kept
            with the next answer. Filters see it too, such as ``user`` for ``skip-self``.

    Args:
        events: What came.
        connection_id: Fanout's name for the connection.
        meta: What is known of the connection already.

    Example:
        >>> from fastly_compute.fanout import Grip, is_grip
        >>> from fastly_compute.http import Answered, IncomingRequest, Response, service
        >>> GRIP = Grip()
        >>> def handle(request: IncomingRequest) -> Response | Answered:
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
                f"WebSocket events are a POST of {CONTENT_TYPE}, not a {request.method} of {kind}"
            )
        body = request.body.read(_MOST + 1)
        if len(body) > _MOST:
            request.body.close()
            raise InvalidWebSocketEvents(f"the WebSocket events have more than {_MOST} bytes")
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
        """Whether the client wants to open the connection: `accept` it, or answer with an error."""
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
        """Open the connection.

        A subprotocol that the client asked for is chosen by the header Sec-WebSocket-Protocol of
        the answer.

        Raises:
            InvalidWebSocketEvents: The client does not want to open one.
        """
        if not self.opening:
            raise InvalidWebSocketEvents("only a connection that is being opened can be accepted")
        self._accepted = True

    def send(self, message: str | bytes) -> None:
        """Send a message to the client: text, or bytes as a binary one.

        Raises:
            InvalidWebSocketEvents: UTF-8 cannot hold the text.
        """
        # Fanout passes on what has this prefix, and obeys what has another (see `_control`): a
        # client cannot have its own words taken for orders.
        if isinstance(message, str):
            self._out.append(WebSocketEvent("TEXT", b"m:" + utf_8(message)))
        elif isinstance(message, bytes):
            self._out.append(WebSocketEvent("BINARY", b"m:" + message))
        else:
            raise TypeError(f"a message must be str or bytes, not {type(message).__name__}")

    def ping(self, content: bytes = b"") -> None:
        """Send a PING. Those of the client are answered by themselves.

        Args:
            content: What it carries, up to 125 bytes (RFC 6455, section 5.5).

        Raises:
            InvalidWebSocketEvents: It is longer.
        """
        if len(content) > _MOST_CONTROL:
            raise InvalidWebSocketEvents(f"a PING has up to 125 bytes, not {len(content)}")
        self._out.append(WebSocketEvent("PING", content))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, as `WebSocketEvent.close` does."""
        self._out.append(WebSocketEvent.close(code, reason))

    def subscribe(self, channels: Channels) -> None:
        """Have what is published on channels go to the client.

        Raises:
            InvalidGrip: A channel breaks its rule, or has a `prev_id`, which WebSockets lack.
        """
        for channel in channels_of(channels):
            if channel.prev_id is not None:
                raise InvalidGrip(f"prev_id: a WebSocket has none, but channel {channel.name!r}")
            said: dict[str, object] = {"type": "subscribe", "channel": channel.name}
            if channel.filters:
                said["filters"] = list(channel.filters)
            self._out.append(_control(said))

    def unsubscribe(self, channel: str) -> None:
        """Have what is published on a channel no longer go to the client. Raises `InvalidGrip`."""
        name = word(channel, "a channel's name")
        self._out.append(_control({"type": "unsubscribe", "channel": name}))

    def detach(self) -> None:
        """Leave the connection to Fanout: what the client sends comes here no more."""
        self._out.append(_control({"type": "detach"}))

    def keep_alive(self, every: Duration) -> None:
        """Have Fanout ask again, without events, after a time in which nothing came.

        Args:
            every: A `datetime.timedelta` or seconds, whole; 0 for no more. Pushpin's least is 20.
        """
        self._keep_alive = whole_seconds(every, field="every")

    def answer(self) -> Response:
        """Make the answer of what was sent.

        Each PING of the client's is answered, and a CLOSE, with its own code, where none was sent.

        Raises:
            InvalidWebSocketEvents: The connection is being opened and was not accepted.
            InvalidGrip: A name in `meta` is empty or not in lower case.
            InvalidHeader: What is in `meta` cannot stand in a header.
        """
        if self.opening and not self._accepted:
            raise InvalidWebSocketEvents(
                "the client waits for its connection: accept() it, or return another answer"
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
                    raise InvalidGrip(f"meta: a name is in lower case, not {name!r}")
                headers[f"Set-Meta-{name}"] = value
                # Without a value it is forgotten; an empty one is none either, in the header.
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
