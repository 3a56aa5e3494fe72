"""What a backend replies."""

from dataclasses import dataclass, field
from json import dumps
from typing import Self

from fastly_compute.testing.headers import Headers, HeadersLike

WITHOUT_CONTENT = frozenset({204, 304})
"""Statuses whose responses have no body (RFC 9110, section 6.4.1)."""

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

    Raises:
        ValueError: The status is out of range, or its response has no body.
        TypeError: The status is no int, or the body no bytes.

    Example:
        >>> from fastly_compute.testing import Reply
        >>> reply = Reply.of(status=201, json={"id": 7})
        >>> reply.body, reply.headers["content-type"]
        (b'{"id": 7}', 'application/json')
    """

    status: int = 200
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.status, int) or isinstance(self.status, bool):
            raise TypeError(f"status = {self.status!r}: must be an int")
        if self.status not in _STATUSES:
            raise ValueError(f"status = {self.status}: must be from 200 to 999")
        if not isinstance(self.body, bytes):
            raise TypeError(f"body: must be bytes, not {type(self.body).__name__}")
        if self.body and self.status in WITHOUT_CONTENT:
            raise ValueError(f"body: a response with status {self.status} has none")

    @classmethod
    def of(
        cls,
        *,
        status: int = 200,
        headers: HeadersLike | None = None,
        body: bytes = b"",
        text: str | None = None,
        json: object = None,
    ) -> Self:
        """Make a reply of bytes, of text or of what JSON can hold.

        Args:
            status: From 200 to 999.
            headers: The header fields; what they say of Content-Type goes.
            body: The body.
            text: The body as text, sent as UTF-8 with the type ``text/plain``.
            json: The body as a value, sent as ``application/json``. None is no body; a JSON
                ``null`` is ``body=b"null"``.

        Raises:
            ValueError: More than one of body, text and json is given, or the reply is not valid.
            TypeError: JSON cannot hold the value.
        """
        content, kind = encoded(body=body, text=text, json=json)
        fields = Headers(headers or ())
        if kind is not None and "content-type" not in fields:
            fields = Headers.of_wire([*fields.to_wire(), ("content-type", kind)])
        return cls(status=status, headers=fields, body=content)


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
