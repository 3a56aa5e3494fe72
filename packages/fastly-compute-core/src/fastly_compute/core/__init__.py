"""The parts that all fastly-compute packages share: errors, handles, durations, the bindings."""

from fastly_compute.core.durations import (
    Duration,
    milliseconds,
    nanoseconds,
    timedelta_of,
    whole_seconds,
)
from fastly_compute.core.errors import (
    AuxiliaryError,
    BufferTooSmall,
    CannotRead,
    FastlyComputeError,
    HandleClosed,
    HostError,
    HostUnavailable,
    HttpHeadTooLarge,
    HttpIncomplete,
    HttpInvalid,
    HttpInvalidStatus,
    HttpUser,
    InvalidArgument,
    InvalidSyntax,
    LimitExceeded,
    NameReserved,
    NameTooLong,
    NotFound,
    Unsupported,
    case_of,
    host_error,
)
from fastly_compute.core.handle import Handle, drop
from fastly_compute.core.open_enum import OpenEnum
from fastly_compute.core.pollables import select
from fastly_compute.core.reading import read_items, read_sized
from fastly_compute.core.redaction import is_sensitive, redact
from fastly_compute.core.tokens import TOKEN

__all__ = [
    "TOKEN",
    "AuxiliaryError",
    "BufferTooSmall",
    "CannotRead",
    "Duration",
    "FastlyComputeError",
    "Handle",
    "HandleClosed",
    "HostError",
    "HostUnavailable",
    "HttpHeadTooLarge",
    "HttpIncomplete",
    "HttpInvalid",
    "HttpInvalidStatus",
    "HttpUser",
    "InvalidArgument",
    "InvalidSyntax",
    "LimitExceeded",
    "NameReserved",
    "NameTooLong",
    "NotFound",
    "OpenEnum",
    "Unsupported",
    "case_of",
    "drop",
    "host_error",
    "is_sensitive",
    "milliseconds",
    "nanoseconds",
    "read_items",
    "read_sized",
    "redact",
    "select",
    "timedelta_of",
    "whole_seconds",
]
