"""The transport: sends requests to the origins of backends."""

from fastly_compute.local.transport.errors import BodyFailure, SendFailure
from fastly_compute.local.transport.http_transport import (
    HTTPTransport,
    OriginBody,
    OriginRequest,
    OriginResponse,
)
from fastly_compute.local.transport.probe import probe
from fastly_compute.local.transport.stream import Stream, is_own_connection, open_stream
from fastly_compute.local.transport.transport import Transport

__all__ = [
    "BodyFailure",
    "HTTPTransport",
    "OriginBody",
    "OriginRequest",
    "OriginResponse",
    "SendFailure",
    "Stream",
    "Transport",
    "is_own_connection",
    "open_stream",
    "probe",
]
