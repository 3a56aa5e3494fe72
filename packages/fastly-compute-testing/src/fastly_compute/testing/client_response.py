"""The response of the app under test."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from json import loads
from typing import Any, Self

from fastly_compute import local
from fastly_compute.testing.headers import MessageHeaders, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientResponse:
    """The response of the app.

    Attributes:
        status: The HTTP status: 500 where the app failed before it answered.
        headers: The header fields.
        body: What was sent of the body.
        trailers: What came after the body.
        complete: Whether the answer was sent to its end; false where the app failed half-way.
        early_hints: The header fields of each 103 that came before (RFC 8297).
        elapsed: How long the app was at it: from the request until it ended, or asked for the next
            one to serve in the same sandbox.

    Example:
        >>> from fastly_compute.testing import ClientResponse, MessageHeaders
        >>> answer = ClientResponse(
        ...     status=200, headers=MessageHeaders(), body=b"[1]", trailers=MessageHeaders()
        ... )
        >>> answer.text, answer.json()
        ('[1]', [1])
    """

    status: int
    headers: MessageHeaders
    body: bytes = field(repr=False)
    trailers: MessageHeaders
    complete: bool = True
    early_hints: Sequence[MessageHeaders] = ()
    elapsed: timedelta = timedelta()

    @classmethod
    def of(cls, kept: local.RecordedResponse, elapsed: timedelta) -> Self:
        """Make it of what a host kept."""
        return cls(
            status=kept.status,
            headers=MessageHeaders.of_wire(kept.headers),
            body=bytes(kept.body),
            trailers=MessageHeaders.of_wire(kept.trailers),
            complete=kept.complete,
            early_hints=tuple(MessageHeaders.of_wire(fields) for _, fields in kept.early),
            elapsed=elapsed,
        )

    @property
    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, by default UTF-8."""
        return text_of(self.headers, self.body)

    def json(self) -> Any:
        """Decode the body as JSON. Raises `ValueError` if it is not JSON."""
        return loads(self.body)
