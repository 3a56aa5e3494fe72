"""A request that came through Fanout, and the answers that Fanout obeys (GRIP)."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.fanout.channels import Channels, channels_of, word
from fastly_compute.fanout.errors import InvalidGrip
from fastly_compute.fanout.websocket import WebSocket
from fastly_compute.http import BodyLike, HeadersLike, IncomingRequest, Response


class GripRequest:
    r"""A request whose signature holds: what `Grip.verify` returns, and nothing else does.

    Its methods make the answers that are for Fanout only. They tell it to keep the client's
    connection open, after the app is done.

    Attributes:
        claims: What the token says, such as ``iss`` and ``exp`` (RFC 7519, section 4).

    Example:
        >>> from fastly_compute.fanout import Grip, GripSignatureError, is_grip
        >>> from fastly_compute.http import Answered, IncomingRequest, Response, service
        >>> GRIP = Grip()
        >>> def handle(request: IncomingRequest) -> Response | Answered:
        ...     if not is_grip(request):
        ...         return request.handoff_fanout("self")
        ...     try:
        ...         held = GRIP.verify(request)
        ...     except GripSignatureError:
        ...         return Response.text("not through Fanout", status=403)
        ...     return held.hold_stream("news", headers={"Content-Type": "text/plain"})
        >>> HttpIncoming = service(handle)
    """

    __slots__ = ("_request", "claims")

    _request: IncomingRequest
    claims: Mapping[str, Any]

    def __init__(self) -> None:
        raise TypeError("GripRequest cannot be made by hand: use Grip.verify")

    @classmethod
    def _of(cls, request: IncomingRequest, claims: Mapping[str, Any]) -> "GripRequest":
        verified = cls.__new__(cls)
        verified._request = request
        verified.claims = claims
        return verified

    def websocket(self) -> WebSocket:
        """Read the events of a WebSocket connection that came with the request.

        Raises:
            InvalidWebSocketEvents: It carries none, or more than 8 MiB of them.
            HandleClosed: Its body was read before.
            BodyError: Reading it failed.
        """
        return WebSocket._of(self._request)

    def hold_stream(
        self,
        channels: Channels,
        *,
        status: int = 200,
        headers: "HeadersLike | None" = None,
        body: "BodyLike | None" = None,
        keep_alive: bytes | None = None,
        keep_alive_after: Duration = 20,
        meta: Mapping[str, str] | None = None,
    ) -> Response:
        r"""Make an answer that stays open, and that what is published is added to.

        Args:
            channels: What the client is subscribed to.
            status: The status that the client gets.
            headers: The headers that the client gets, with a Content-Type. `SSE` has those of
                server-sent events.
            body: What the client gets at once.
            keep_alive: What is sent where nothing was for a while, such as ``b"\n"``, or
                ``b":\n\n"`` among server-sent events.
            keep_alive_after: After how long, a `datetime.timedelta` or seconds, whole, at least 1.
            meta: What filters know of this client, such as ``{"user": "alice"}``.

        Returns:
            The answer.

        Raises:
            InvalidGrip: A channel or option breaks its rule.
        """
        response = _held("stream", channels, status, headers, body, meta)
        if keep_alive is not None:
            after = whole_seconds(keep_alive_after, field="keep_alive_after")
            if not isinstance(keep_alive, bytes):
                raise TypeError(f"keep_alive must be bytes, not {type(keep_alive).__name__}")
            if not keep_alive or after < 1:
                raise InvalidGrip("keep_alive: needs at least 1 byte, and 1 second before it")
            data = b64encode(keep_alive).decode()
            response.headers["Grip-Keep-Alive"] = f"{data}; format=base64; timeout={after}"
        return response

    def hold_response(
        self,
        channels: Channels,
        *,
        timeout: Duration | None = None,
        status: int = 200,
        headers: "HeadersLike | None" = None,
        body: "BodyLike | None" = None,
        meta: Mapping[str, str] | None = None,
    ) -> Response:
        """Make an answer that waits for what is published, which takes its place: long polling.

        Args:
            channels: What the client is subscribed to.
            timeout: How long it waits, a `datetime.timedelta` or seconds, whole, at least 1. Then
                this answer goes to the client. None is Fanout's own time, 55 s. Pushpin waits for
                5 s at least.
            status: The status of this answer.
            headers: Its headers.
            body: Its body.
            meta: What filters know of this client, such as ``{"user": "alice"}``.

        Returns:
            The answer.

        Raises:
            InvalidGrip: A channel or option breaks its rule.
        """
        response = _held("response", channels, status, headers, body, meta)
        if timeout is not None:
            seconds = whole_seconds(timeout, field="timeout")
            if seconds < 1:
                raise InvalidGrip("timeout: must be at least 1 second")
            response.headers["Grip-Timeout"] = str(seconds)
        return response

    def __repr__(self) -> str:
        return f"<GripRequest {self._request!r}>"


def _held(
    how: str,
    channels: Channels,
    status: int,
    headers: "HeadersLike | None",
    body: "BodyLike | None",
    meta: Mapping[str, str] | None,
) -> Response:
    response = Response(200, headers, body)
    if status != 200:
        # The hold itself is a 200 to Fanout; the client's status is said beside it.
        response.headers["Grip-Status"] = str(Response(status).status)
    response.headers["Grip-Hold"] = how
    response.headers["Grip-Channel"] = ", ".join(c.header for c in channels_of(channels))
    if meta:
        said = (f'{_name(name)}="{_quoted(meta[name])}"' for name in meta)
        response.headers["Grip-Set-Meta"] = ", ".join(said)
    return response


def _name(name: str) -> str:
    if "=" in word(name, "a name in meta"):
        raise InvalidGrip(f"meta: a name has no =, as {name!r} does")
    return name


def _quoted(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a value in meta must be a str, not {type(value).__name__}")
    if '"' in value or "\\" in value or not (value.isascii() and value.isprintable()):
        raise InvalidGrip('meta: a value is printable ASCII without " and backslash')
    return value
