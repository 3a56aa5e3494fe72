"""Answers that Fanout holds open (GRIP), and what it does with them."""

import re
from base64 import b64encode
from collections.abc import Sequence

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.fanout.channels import Channel
from fastly_compute.fanout.errors import InvalidGrip
from fastly_compute.http import BodyLike, HeadersLike, Response

Channels = str | Channel | Sequence[str | Channel]
"""One channel or several, each by its name or with more said."""

# What cstring can carry without escaping, apart from the escapes that are written here.
_PLAIN = re.compile(rb"[\x20-\x7e\n\r\t]*")


def channels_of(channels: Channels) -> list[Channel]:
    """Make a list of what was given as channels; at least one has to be."""
    given = [channels] if isinstance(channels, str | Channel) else list(channels)
    if not given:
        raise InvalidGrip("channels: at least one is needed")
    return [item if isinstance(item, Channel) else Channel(item) for item in given]


def hold_stream(
    channels: Channels,
    *,
    status: int = 200,
    headers: "HeadersLike | None" = None,
    body: "BodyLike | None" = None,
    keep_alive: bytes | None = None,
    keep_alive_after: Duration = 20,
) -> Response:
    r"""Make an answer that stays open, and that what is published is added to.

    Args:
        channels: What the client is subscribed to.
        status: The status that the client gets.
        headers: The headers that the client gets, with a Content-Type. `SSE` has those of
            server-sent events.
        body: What the client gets at once.
        keep_alive: What is sent where nothing was, such as ``b"\n"``.
        keep_alive_after: After how long, a `datetime.timedelta` or seconds, whole, at least 1.

    Returns:
        The answer, for a request that came through Fanout.

    Raises:
        InvalidGrip: A channel or option breaks its rule.

    Example:
        >>> from fastly_compute.fanout import hold_stream
        >>> answer = hold_stream("news", headers={"Content-Type": "text/plain"}, body="hello\n")
        >>> answer.headers["Grip-Hold"], answer.headers["Grip-Channel"]
        ('stream', 'news')
    """
    response = _held("stream", channels, status, headers, body)
    if keep_alive is not None:
        after = whole_seconds(keep_alive_after, field="keep_alive_after")
        if not keep_alive or after < 1:
            raise InvalidGrip("keep_alive: needs at least 1 byte, and keep_alive_after 1 second")
        response.headers["Grip-Keep-Alive"] = f"{_encoded(keep_alive)}; timeout={after}"
    return response


def hold_response(
    channels: Channels,
    *,
    timeout: Duration | None = None,
    status: int = 200,
    headers: "HeadersLike | None" = None,
    body: "BodyLike | None" = None,
) -> Response:
    """Make an answer that waits for what is published, which takes its place: long polling.

    Args:
        channels: What the client is subscribed to.
        timeout: How long it waits, a `datetime.timedelta` or seconds, whole, at least 1. Then this
            answer goes to the client. None is Fanout's own time.
        status: The status of this answer.
        headers: Its headers.
        body: Its body.

    Returns:
        The answer, for a request that came through Fanout.

    Raises:
        InvalidGrip: A channel or option breaks its rule.

    Example:
        >>> from fastly_compute.fanout import hold_response
        >>> answer = hold_response("news", timeout=30, body="nothing new")
        >>> answer.headers["Grip-Hold"], answer.headers["Grip-Timeout"]
        ('response', '30')
    """
    response = _held("response", channels, status, headers, body)
    if timeout is not None:
        seconds = whole_seconds(timeout, field="timeout")
        if seconds < 1:
            raise InvalidGrip("timeout: must be at least 1 second")
        response.headers["Grip-Timeout"] = str(seconds)
    return response


def _held(
    how: str,
    channels: Channels,
    status: int,
    headers: "HeadersLike | None",
    body: "BodyLike | None",
) -> Response:
    response = Response(200, headers, body)
    if status != 200:
        # The hold itself is a 200 to Fanout; the client's status is said beside it.
        response.headers["Grip-Status"] = str(Response(status).status)
    response.headers["Grip-Hold"] = how
    response.headers["Grip-Channel"] = ", ".join(c.header for c in channels_of(channels))
    return response


def _encoded(data: bytes) -> str:
    if not _PLAIN.fullmatch(data) or b";" in data or b"," in data or b'"' in data:
        return f"{b64encode(data).decode()}; format=base64"
    text = data.decode().replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "; format=cstring"
