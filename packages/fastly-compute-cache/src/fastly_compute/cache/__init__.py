"""The caches of Fastly Compute: values by key, objects with transactions, and purging.

`get`, `set`, `get_or_set`, `purge` and `cached` are the simple cache, which most apps need.
`lookup`, `insert`, `transaction` and `replace` are the core cache that it is built on.
"""

from fastly_compute.cache.decorator import cached
from fastly_compute.cache.entry import (
    Entry,
    PendingEntry,
    insert,
    lookup,
    transaction,
    transaction_async,
)
from fastly_compute.cache.errors import (
    CacheCallFailed,
    CacheError,
    CacheUnsupported,
    InvalidCacheOption,
    InvalidKey,
    NoObligation,
    NotCacheable,
)
from fastly_compute.cache.options import WriteOptions
from fastly_compute.cache.purge import purge_surrogate_key, purge_surrogate_key_verbose
from fastly_compute.cache.replacement import Replacement, Strategy, replace
from fastly_compute.cache.simple import get, get_or_set, purge, set  # noqa: A004 - Fastly's name

__all__ = [
    "CacheCallFailed",
    "CacheError",
    "CacheUnsupported",
    "Entry",
    "InvalidCacheOption",
    "InvalidKey",
    "NoObligation",
    "NotCacheable",
    "PendingEntry",
    "Replacement",
    "Strategy",
    "WriteOptions",
    "cached",
    "get",
    "get_or_set",
    "insert",
    "lookup",
    "purge",
    "purge_surrogate_key",
    "purge_surrogate_key_verbose",
    "replace",
    "set",
    "transaction",
    "transaction_async",
]
