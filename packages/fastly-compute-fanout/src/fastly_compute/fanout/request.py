"""A request that came through Fanout, and the responses that instruct Fanout (GRIP)."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.fanout.channels import Channels, channels_of, word
from fastly_compute.fanout.errors import InvalidGrip
from fastly_compute.fanout.websocket import WebSocket
from fastly_compute.http import BodyLike, HeadersLike, IncomingRequest, Response


class GripRequest:
    r"""A request with a verified signature; only `Grip.verify` returns one.

    Its methods create responses that instruct Fanout to keep the client's connection open after
    the app has finished.

    Attributes:
        claims: The claims of the token, such as ``iss`` and ``exp`` (RFC 7519, section 4).

    Example:
        >>> from fastly_compute.fanout import Grip, GripSignatureError, is_grip
        >>> from fastly_compute.http import ResponseSent, IncomingRequest, Response, service
        >>> GRIP = Grip()
        >>> def handle(request: IncomingRequest) -> Response | ResponseSent:
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
        raise TypeError("GripRequest cannot be created directly: use Grip.verify")

    @classmethod
    def _of(cls, request: IncomingRequest, claims: Mapping[str, Any]) -> "GripRequest":
        verified = cls.__new__(cls)
        verified._request = request
        verified.claims = claims
        return verified

    def websocket(self) -> WebSocket:
        """Read the WebSocket events in the request's body.

        Raises:
            InvalidWebSocketEvents: They are missing, malformed, or exceed 8 MiB.
            HandleClosed: The body was already read.
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
        r"""Create a response that stays open and to which published data is appended.

        Args:
            channels: The channels that the client subscribes to.
            status: The status that the client gets.
            headers: The headers that the client gets, including a Content-Type. `SSE` holds those
                of server-sent events.
            body: The data that the client gets immediately.
            keep_alive: Data to send when the connection is idle, such as ``b"\n"``, or ``b":\n\n"``
                for server-sent events.
            keep_alive_after: The idle time before that: a `datetime.timedelta` or a number of
                seconds; whole seconds, at least 1.
            meta: Metadata of this client for filters, such as ``{"user": "alice"}``.

        Returns:
            The response.

        Raises:
            InvalidGrip: A channel or option is invalid.
        """
        response = _held("stream", channels, status, headers, body, meta)
        if keep_alive is not None:
            after = whole_seconds(keep_alive_after, field="keep_alive_after")
            if not isinstance(keep_alive, bytes):
                raise TypeError(f"keep_alive must be bytes, not {type(keep_alive).__name__}")
            if not keep_alive or after < 1:
                raise InvalidGrip(
                    "keep_alive: requires at least 1 byte, and keep_alive_after at least 1 second"
                )
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
        """Create a response for long polling: the client waits for a published one instead.

        Args:
            channels: The channels that the client subscribes to.
            timeout: How long it waits: a `datetime.timedelta` or a number of seconds; whole
                seconds, at least 1. After that, the client gets this response. None means Fanout's
                default of 55 s. Pushpin waits for at least 5 s.
            status: The status of this response.
            headers: Its headers.
            body: Its body.
            meta: Metadata of this client for filters, such as ``{"user": "alice"}``.

        Returns:
            The response.

        Raises:
            InvalidGrip: A channel or option is invalid.
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
        # For Fanout the hold itself is a 200; the client's status is in a header.
        response.headers["Grip-Status"] = str(Response(status).status)
    response.headers["Grip-Hold"] = how
    response.headers["Grip-Channel"] = ", ".join(c.header for c in channels_of(channels))
    if meta:
        said = (f'{_name(name)}="{_quoted(meta[name])}"' for name in meta)
        response.headers["Grip-Set-Meta"] = ", ".join(said)
    return response


def _name(name: str) -> str:
    if "=" in word(name, "a name in meta"):
        raise InvalidGrip(f"meta: a name must not contain =, not {name!r}")
    return name


def _quoted(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a value in meta must be a str, not {type(value).__name__}")
    if '"' in value or "\\" in value or not (value.isascii() and value.isprintable()):
        raise InvalidGrip('meta: a value must be printable ASCII without " and backslash')
    return value
