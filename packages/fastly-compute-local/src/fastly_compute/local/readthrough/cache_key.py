"""The keys of responses in the readthrough cache."""

from collections.abc import Hashable
from hashlib import sha256

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
