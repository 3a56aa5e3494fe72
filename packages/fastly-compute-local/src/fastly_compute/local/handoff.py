"""Requests that a guest leaves to a proxy: Fanout's, or a WebSocket's."""

from dataclasses import dataclass, field
from typing import Literal

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.downstream import BodySource
from fastly_compute.local.origin import OriginRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """A client's request, left to another to answer.

    Attributes:
        kind: ``grip`` for Fanout (`request.redirect-to-grip-proxy` in the WIT), ``websocket`` for a
            WebSocket straight to the backend (`request.redirect-to-websocket-proxy`).
        backend: The backend's name; for Fanout, the route's.
        config: What the backend is.
        request: The request to be sent on, without its body.
        body: The client's body, still to be read.
    """

    kind: Literal["grip", "websocket"]
    backend: str
    config: BackendConfig = field(repr=False)
    request: OriginRequest
    body: bytes | BodySource = field(default=b"", repr=False)
