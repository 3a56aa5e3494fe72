"""Requests that a guest hands off to a proxy: Fanout, or a WebSocket backend."""

from dataclasses import dataclass, field
from typing import Literal

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.server.downstream import BodySource
from fastly_compute.local.transport import OriginRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A client's request that is handed off for another server to answer.

    Attributes:
        kind: ``grip`` for Fanout (`request.redirect-to-grip-proxy` in the WIT), ``websocket`` for a
            WebSocket straight to the backend (`request.redirect-to-websocket-proxy`).
        backend: The backend's name; for Fanout, the name for the route.
        config: The backend's configuration.
        request: The request to forward, without its body.
        body: The client's body, still to be read.

    Example:
        >>> from fastly_compute.local import (
        ...     RecordedResponse,
        ...     BackendConfig,
        ...     Handoff,
        ...     Host,
        ...     HostConfig,
        ... )
        >>> from fastly_compute.local import NativeApp
        >>> from wit_world.imports.backend import Backend
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         request.redirect_to_websocket_proxy(Backend.open("chat"))
        >>> def proxy(handoff: Handoff) -> RecordedResponse:
        ...     return RecordedResponse(
        ...         status=200, body=bytearray(handoff.backend.encode()), complete=True
        ...     )
        >>> config = HostConfig(backends={"chat": BackendConfig(url="http://127.0.0.1:8080")})
        >>> with Host(config, on_handoff=proxy) as host:
        ...     bytes(host.request(NativeApp(HttpIncoming)).body)
        b'chat'
    """

    kind: Literal["grip", "websocket"]
    backend: str
    config: BackendConfig = field(repr=False)
    request: OriginRequest
    body: bytes | BodySource = field(default=b"", repr=False)
