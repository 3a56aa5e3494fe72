"""WebSocket-over-HTTP: the events of a connection as the body of a request or a response."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fastly_compute.fanout.errors import InvalidWebSocketEvents

Kind = Literal["OPEN", "TEXT", "BINARY", "PING", "PONG", "CLOSE", "DISCONNECT"]
"""The kind of an event: a message, or a change of the connection."""

CONTENT_TYPE = "application/websocket-events"
_HEAD = re.compile(rb"([A-Z]+)(?: ([0-9A-Fa-f]{1,16}))?")
_KINDS = frozenset({"OPEN", "TEXT", "BINARY", "PING", "PONG", "CLOSE", "DISCONNECT"})
_WITHOUT_CONTENT = frozenset({"OPEN", "DISCONNECT"})
_CODES = range(1000, 5000)


def utf_8(text: str) -> bytes:
    """Encode text for a client. Raises `InvalidWebSocketEvents` if UTF-8 cannot represent it."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidWebSocketEvents(f"UTF-8 cannot hold {text[error.start]!a}") from error


@dataclass(frozen=True, slots=True)
class WebSocketEvent:
    r"""One event of a WebSocket connection.

    Attributes:
        kind: ``OPEN``, ``TEXT``, ``BINARY``, ``PING``, ``PONG``, ``CLOSE``, or ``DISCONNECT`` if
            the connection was lost.
        content: Its payload: UTF-8 for TEXT, a two-byte code and a reason for CLOSE.

    Raises:
        InvalidWebSocketEvents: The kind is unknown, or must not have content.
        TypeError: The content is not bytes.

    Example:
        >>> from fastly_compute.fanout import WebSocketEvent, decode_events, encode_events
        >>> encode_events([WebSocketEvent("OPEN"), WebSocketEvent("TEXT", b"hi")])
        b'OPEN\r\nTEXT 2\r\nhi\r\n'
        >>> decode_events(b"PING\r\n")
        [WebSocketEvent(kind='PING', content=b'')]
    """

    kind: Kind
    content: bytes = b""

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InvalidWebSocketEvents(f"unknown WebSocket event: {str(self.kind)[:32]!r}")
        if not isinstance(self.content, bytes):
            kind = type(self.content).__name__
            raise TypeError(f"the content of an event must be bytes, not {kind}")
        if self.content and self.kind in _WITHOUT_CONTENT:
            raise InvalidWebSocketEvents(f"the event {self.kind} must not have content")

    @property
    def text(self) -> str:
        """The content as text. Raises `InvalidWebSocketEvents` if it is not UTF-8."""
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            raise InvalidWebSocketEvents("the event's content is not UTF-8") from error

    @property
    def code(self) -> int | None:
        """The code of a CLOSE (RFC 6455, section 7.4), if it has one."""
        if self.kind != "CLOSE" or len(self.content) < 2:
            return None
        return int.from_bytes(self.content[:2], "big")

    @classmethod
    def close(cls, code: int = 1000, reason: str = "") -> "WebSocketEvent":
        """Create a CLOSE event.

        Args:
            code: 1000 to 4999 (RFC 6455, section 7.4).
            reason: Up to 123 bytes of UTF-8.

        Raises:
            InvalidWebSocketEvents: The code or reason is out of range.
        """
        raw = utf_8(reason)
        if code not in _CODES or len(raw) > 123:
            raise InvalidWebSocketEvents(
                f"a CLOSE has a code from 1000 to 4999 and a reason of up to 123 bytes, not {code} "
                f"and {len(raw)}"
            )
        return cls("CLOSE", code.to_bytes(2, "big") + raw)


def encode_events(events: Iterable[WebSocketEvent]) -> bytes:
    r"""Encode events as the body of a request or a response.

    Example:
        >>> from fastly_compute.fanout import WebSocketEvent, encode_events
        >>> encode_events([WebSocketEvent("PONG"), WebSocketEvent("TEXT", b"hello")])
        b'PONG\r\nTEXT 5\r\nhello\r\n'
    """
    parts = []
    for event in events:
        if event.content:
            size = f" {len(event.content):X}\r\n".encode()
            parts += [event.kind.encode(), size, event.content, b"\r\n"]
        else:
            parts.append(f"{event.kind}\r\n".encode())
    return b"".join(parts)


def decode_events(body: bytes) -> list[WebSocketEvent]:
    r"""Decode the events of a body.

    The content of an OPEN or DISCONNECT is ignored, as the protocol requires.

    Raises:
        InvalidWebSocketEvents: The body is malformed.

    Example:
        >>> from fastly_compute.fanout import decode_events
        >>> [event.kind for event in decode_events(b"OPEN\r\nTEXT 5\r\nhello\r\n")]
        ['OPEN', 'TEXT']
    """
    events = []
    at = 0
    while at < len(body):
        end = body.find(b"\r\n", at)
        found = _HEAD.fullmatch(body, at, end) if end >= 0 else None
        if found is None:
            raise InvalidWebSocketEvents(f"invalid WebSocket event at byte {at}")
        kind, at, content = found[1].decode(), end + 2, b""
        if found[2] is not None:
            size = int(found[2], 16)
            content = body[at : at + size]
            at += size
            if len(content) < size or body[at : at + 2] != b"\r\n":
                raise InvalidWebSocketEvents(f"the WebSocket event before byte {at} is truncated")
            at += 2
        if kind in _WITHOUT_CONTENT:
            content = b""  # the protocol requires to ignore it
        events.append(WebSocketEvent(kind, content))  # type: ignore[arg-type]
    return events
