"""The keys of responses in the readthrough cache."""

from collections.abc import Hashable
from hashlib import sha256

from fastly_compute.local.readthrough.freshness import values
from fastly_compute.local.transport import OriginRequest

LENGTH = 32
"""The length of a key in bytes, as the WIT requires it."""


def default_key(host: str, path_and_query: str) -> bytes:
    """Return the key of a URL.

    Args:
        host: The host, with its port if the URL has one.
        path_and_query: The path and query.
    """
    return sha256(f"{host.lower()}{path_and_query}".encode()).digest()


def in_store(key: bytes) -> Hashable:
    """Return the key in `CacheData`, which keeps other objects as well."""
    return "http", key


def request_key(request: OriginRequest) -> Hashable | None:
    """Return the key of a request in the store; None without a host."""
    host = _host(request)
    return in_store(default_key(host, request.path_and_query)) if host else None


def url_of(request: OriginRequest) -> str:
    """Return the host and path of a request, for messages: its query may have a secret."""
    path, query, _ = request.path_and_query.partition("?")
    return f"{_host(request)}{path}{'?...' if query else ''}"


def _host(request: OriginRequest) -> str:
    return next(values(request.headers, "host"), request.authority or "")
