"""Describes a backend by all of its properties, for a debug page."""

from datetime import timedelta
from typing import TYPE_CHECKING

from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.errors import BackendUnsupported
from fastly_compute.backend.health import BackendHealth
from fastly_compute.backend.tls import TLSVersion

if TYPE_CHECKING:
    from fastly_compute.backend.backend import Backend

_PROPERTIES = (
    "name",
    "health",
    "is_dynamic",
    "host",
    "override_host",
    "port",
    "connect_timeout",
    "first_byte_timeout",
    "between_bytes_timeout",
    "is_tls",
    "tls_min_version",
    "tls_max_version",
    "http_keepalive_time",
    "tcp_keepalive_enable",
    "tcp_keepalive_interval",
    "tcp_keepalive_probes",
    "tcp_keepalive_time",
    "config",
)


def describe(backend: "Backend") -> dict[str, object]:
    """Read every property of a backend from the host; see `Backend.describe`."""
    return {name: _described(backend, name) for name in _PROPERTIES}


def _described(backend: "Backend", name: str) -> object:
    try:
        value: object = getattr(backend, name)
    except BackendUnsupported:
        return "unsupported"
    match value:
        case timedelta():
            return value.total_seconds()
        case BackendHealth():
            return value.value
        case TLSVersion() | DynamicBackendConfig():
            return str(value)
    return value
