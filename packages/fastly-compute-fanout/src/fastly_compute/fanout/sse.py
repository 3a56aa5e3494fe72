r"""Server-sent events, as text (WHATWG HTML, section 9.2)."""

from fastly_compute.fanout.errors import InvalidGrip

SSE = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
"""The headers of a response that carries server-sent events."""


def sse(
    data: str,
    *,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's name
    retry_ms: int | None = None,
) -> str:
    r"""Encode one server-sent event.

    Args:
        data: Its data; line breaks are preserved.
        event: Its type; clients use ``message`` without one.
        id: Its ID, which a client sends when it reconnects.
        retry_ms: How many milliseconds a client should wait before it reconnects.

    Returns:
        The event, including the empty line that ends it.

    Raises:
        InvalidGrip: The type or ID contains a line break or NUL, or the time is negative.

    Example:
        >>> from fastly_compute.fanout import sse
        >>> sse("two\nlines", event="news")
        'event: news\ndata: two\ndata: lines\n\n'
    """
    for what, value in (("event", event), ("id", id)):
        if value is not None and any(character in value for character in "\r\n\0"):
            raise InvalidGrip(f"{what}: must be a single line without NUL")
    lines = [] if event is None else [f"event: {event}"]
    if id is not None:
        lines.append(f"id: {id}")
    if retry_ms is not None:
        if retry_ms < 0:
            raise InvalidGrip(f"retry_ms: must be at least 0, not {retry_ms}")
        lines.append(f"retry: {retry_ms:d}")
    text = data.replace("\r\n", "\n").replace("\r", "\n")
    lines += [f"data: {line}" for line in text.split("\n")]
    return "\n".join(lines) + "\n\n"
