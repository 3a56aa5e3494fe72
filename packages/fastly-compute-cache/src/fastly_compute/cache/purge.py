"""Purge objects by surrogate key, in every cache of the service."""

import json
from collections.abc import Sequence
from typing import Any

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import InvalidCacheOption
from fastly_compute.cache.keys import surrogate_keys


def purge_surrogate_key(key: str, *, soft: bool = False) -> None:
    """Purge every object that has a surrogate key (``purge-surrogate-key``).

    This covers the simple cache, the core cache and the cached responses of backends.

    Args:
        key: The key; 1 to 1024 visible ASCII characters.
        soft: Whether to mark the objects as stale instead of removing them.

    Raises:
        InvalidCacheOption: The key is invalid.
        CacheCallFailed: The host refused the call.

    Example:
        >>> from fastly_compute import cache
        >>> def publish() -> None:
        ...     cache.purge_surrogate_key("news", soft=True)
    """
    _wit.purge_keys(_checked(key), soft=soft)


def purge_surrogate_key_verbose(key: str, *, soft: bool = False) -> Any:
    """Purge as `purge_surrogate_key` does, and return the platform's response.

    Args:
        key: As for `purge_surrogate_key`.
        soft: As for `purge_surrogate_key`.

    Returns:
        The platform's response, decoded from JSON; ``id`` identifies the purge.

    Raises:
        InvalidCacheOption: The key is invalid.
        CacheUnsupported: This host does not return a response; Viceroy does not.
        CacheCallFailed: The host refused the call.

    Example:
        >>> from fastly_compute import cache
        >>> def publish() -> str:
        ...     return cache.purge_surrogate_key_verbose("news")["id"]
    """
    return json.loads(_wit.purge_keys_verbose(_checked(key), soft=soft))


def _checked(key: str) -> str:
    keys: Sequence[str] = [key]
    checked = surrogate_keys(keys, option="key")
    if checked is None:
        raise InvalidCacheOption("key", "must be given")
    return checked
