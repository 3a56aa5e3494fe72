"""Logs of Fastly Compute: write to a log endpoint, or connect `logging` to one."""

from fastly_compute.log.context import request_id
from fastly_compute.log.endpoint import LogEndpoint
from fastly_compute.log.errors import (
    EndpointNameRefused,
    EndpointNotFound,
    InvalidEndpointName,
    LogCallFailed,
    LogError,
    LogUnsupported,
    NoEndpoint,
)
from fastly_compute.log.handler import FastlyLogHandler
from fastly_compute.log.json_formatter import JSONFormatter

__all__ = [
    "EndpointNameRefused",
    "EndpointNotFound",
    "FastlyLogHandler",
    "InvalidEndpointName",
    "JSONFormatter",
    "LogCallFailed",
    "LogEndpoint",
    "LogError",
    "LogUnsupported",
    "NoEndpoint",
    "request_id",
]
