"""The reply of a backend."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from json import dumps
from typing import Self

from fastly_compute.testing.durations import Duration, timedelta_of
from fastly_compute.testing.headers import HeadersLike, MessageHeaders

# Their responses have no body (RFC 9110, section 6.4.1).
_WITHOUT_CONTENT = frozenset({204, 304})
_STATUSES = range(200, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response of a backend, as a callback returns it.

    `Reply.of` makes one of text or JSON, too. Content-Length is added when it is sent, unless it
    or Transfer-Encoding is among the headers.

    Attributes:
        status: From 200 to 999.
        headers: The header fields.
        body: All of the body; it must be empty with 204 and 304.
        chunks: The body in parts, instead of *body*, each read by itself.
        latency: How long it takes until the head comes; None is what the backend has for all. A
            number is taken as seconds. Where it is more than the backend's first-byte timeout, the
            guest's request fails with `http-response-timeout`, at once.
        between: How long it takes from each chunk to the next, likewise. Where it is more than the
            backend's between-bytes timeout, the guest's read fails, at once.
        truncate_at: How many bytes of the body come before it is cut off; None sends all. The
            guest's read fails with `http-incomplete` then.

    Raises:
        ValueError: The status is out of range, its response has no body, or something of the body
            or a duration cannot be.
        TypeError: The status is not an int, the body is not bytes, or a duration has another type.

    Example:
        >>> from fastly_compute.testing import Reply
        >>> reply = Reply.of(status=201, json={"id": 7})
        >>> reply.body, reply.headers["content-type"]
        (b'{"id": 7}', 'application/json')
    """

    status: int = 200
    headers: MessageHeaders = field(default_factory=MessageHeaders)
    body: bytes = field(default=b"", repr=False)
    chunks: Sequence[bytes] = field(default=(), repr=False)
    latency: Duration | None = None
    between: Duration = timedelta()
    truncate_at: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.status, int) or isinstance(self.status, bool):
            raise TypeError(f"status = {self.status!r}: must be an int")
        if self.status not in _STATUSES:
            raise ValueError(f"status = {self.status}: must be from 200 to 999")
        if not isinstance(self.body, bytes):
            raise TypeError(f"body: must be bytes, not {type(self.body).__name__}")
        if isinstance(self.chunks, bytes) or not all(isinstance(c, bytes) for c in self.chunks):
            raise TypeError("chunks: must be a sequence of bytes")
        object.__setattr__(self, "chunks", tuple(self.chunks))
        if self.body and self.chunks:
            raise ValueError("body and chunks exclude each other: give one of them")
        if self.content and self.status in _WITHOUT_CONTENT:
            raise ValueError(f"body: a response with status {self.status} has none")
        if self.latency is not None:
            object.__setattr__(self, "latency", timedelta_of(self.latency, field="latency"))
        object.__setattr__(self, "between", timedelta_of(self.between, field="between"))
        if self.between and not self.chunks:
            raise ValueError("between: only a body of chunks has something between them")
        if self.truncate_at is not None and not 0 <= self.truncate_at < len(self.content):
            raise ValueError(
                f"truncate_at = {self.truncate_at}: must be at least 0, and less than the "
                f"{len(self.content)} bytes of the body"
            )

    @property
    def content(self) -> bytes:
        """All of the body, whether or not it is in chunks."""
        return b"".join(self.chunks) or self.body

    def to_wire(self) -> list[tuple[str, bytes]]:
        """Return the header fields as they are sent, with what says where the body ends."""
        fields = self.headers.to_wire()
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        if not framed and self.status not in _WITHOUT_CONTENT:
            fields.append(("content-length", b"%d" % len(self.content)))
        return fields

    @classmethod
    def of(
        cls,
        *,
        status: int = 200,
        headers: HeadersLike | None = None,
        body: bytes = b"",
        text: str | None = None,
        json: object = None,
        chunks: Sequence[bytes] = (),
        latency: Duration | None = None,
        between: Duration = timedelta(),
        truncate_at: int | None = None,
    ) -> Self:
        """Make a reply of bytes, of text or of what JSON can hold.

        Args:
            status: From 200 to 999.
            headers: The header fields; what they say of Content-Type goes.
            body: The body.
            text: The body as text, sent as UTF-8 with the type ``text/plain``.
            json: The body as a value, sent as ``application/json``. None sends no body; a JSON
                ``null`` is ``body=b"null"``.
            chunks: The body in parts.
            latency: How long it takes until the head comes.
            between: How long it takes from each chunk to the next.
            truncate_at: How many bytes of the body come before it is cut off.

        Raises:
            ValueError: More than one of body, text, json and chunks is given, or the reply is not
                valid.
            TypeError: JSON cannot hold the value.
        """
        content, kind = encoded(body=body, text=text, json=json)
        fields = MessageHeaders(headers or ())
        if kind is not None and "content-type" not in fields:
            fields = MessageHeaders.of_wire([*fields.to_wire(), ("content-type", kind)])
        return cls(
            status=status,
            headers=fields,
            body=content,
            chunks=chunks,
            latency=latency,
            between=between,
            truncate_at=truncate_at,
        )


def encoded(
    *, body: bytes = b"", text: str | None = None, json: object = None
) -> tuple[bytes, bytes | None]:
    """Choose among the ways to give a body: its bytes, and the type that goes with them."""
    if (body != b"") + (text is not None) + (json is not None) > 1:
        raise ValueError("body, text and json exclude each other: give one of them")
    if not isinstance(body, bytes):
        raise TypeError(f"body: must be bytes, not {type(body).__name__}")
    if text is not None and not isinstance(text, str):
        raise TypeError(f"text: must be a str, not {type(text).__name__}")
    if json is not None:
        return dumps(json).encode(), b"application/json"
    if text is not None:
        return text.encode(), b"text/plain; charset=utf-8"
    return body, None
