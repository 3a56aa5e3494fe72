"""Purging what has a surrogate key, in every cache of the service."""

import json
from collections.abc import Sequence
from typing import Any

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import InvalidCacheOption
from fastly_compute.cache.keys import surrogate_keys


def purge_surrogate_key(key: str, *, soft: bool = False) -> None:
    """Purge every object that has a surrogate key (``purge-surrogate-key``).

    It reaches the simple cache, the core cache and the responses of backends.

    Args:
        key: The key; 1 to 1024 visible ASCII characters.
        soft: Whether objects are made stale in place of being removed.

    Raises:
        InvalidCacheOption: It can be no key.
        CacheCallFailed: The host refused it.

    Example:
        >>> from fastly_compute import cache
        >>> def publish() -> None:
        ...     cache.purge_surrogate_key("news", soft=True)
    """
    _wit.purge_keys(_checked(key), soft=soft)


def purge_surrogate_key_verbose(key: str, *, soft: bool = False) -> Any:
    """Purge as `purge_surrogate_key` does, and tell what the platform says of it.

    Args:
        key: As for `purge_surrogate_key`.
        soft: As for `purge_surrogate_key`.

    Returns:
        The platform's answer, decoded from JSON; its ``id`` is the purge's.

    Raises:
        InvalidCacheOption: It can be no key.
        CacheUnsupported: This host does not tell, as Viceroy.
        CacheCallFailed: The host refused it.

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
