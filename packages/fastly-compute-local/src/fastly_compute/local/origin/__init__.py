"""The way out: sends requests to the origins that backends stand for."""

from fastly_compute.local.origin.errors import BodyFailure, SendFailure
from fastly_compute.local.origin.origins import (
    OriginBody,
    OriginRequest,
    OriginResponse,
    Origins,
)
from fastly_compute.local.origin.probe import probe
from fastly_compute.local.origin.stream import Stream, is_own_connection, open_stream
from fastly_compute.local.origin.way_out import WayOut

__all__ = [
    "BodyFailure",
    "OriginBody",
    "OriginRequest",
    "OriginResponse",
    "Origins",
    "SendFailure",
    "Stream",
    "WayOut",
    "is_own_connection",
    "open_stream",
    "probe",
]
