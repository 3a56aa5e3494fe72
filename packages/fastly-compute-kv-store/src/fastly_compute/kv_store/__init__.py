"""KV stores: values by key that every location can read and write."""

from fastly_compute.kv_store.entry import KVEntry
from fastly_compute.kv_store.errors import (
    InvalidKey,
    InvalidKVOption,
    InvalidListing,
    KVBadRequest,
    KVCallFailed,
    KVInternalError,
    KVPreconditionFailed,
    KVStoreError,
    KVStoreNameRefused,
    KVStoreNotFound,
    KVTooManyRequests,
    KVUnsupported,
    KVValueTooLarge,
)
from fastly_compute.kv_store.listing import Consistency, KeyPage
from fastly_compute.kv_store.options import Mode
from fastly_compute.kv_store.pending import (
    PendingDelete,
    PendingKeyPage,
    PendingLookup,
    PendingPut,
)
from fastly_compute.kv_store.store import KVStore

__all__ = [
    "Consistency",
    "InvalidKVOption",
    "InvalidKey",
    "InvalidListing",
    "KVBadRequest",
    "KVCallFailed",
    "KVEntry",
    "KVInternalError",
    "KVPreconditionFailed",
    "KVStore",
    "KVStoreError",
    "KVStoreNameRefused",
    "KVStoreNotFound",
    "KVTooManyRequests",
    "KVUnsupported",
    "KVValueTooLarge",
    "KeyPage",
    "Mode",
    "PendingDelete",
    "PendingKeyPage",
    "PendingLookup",
    "PendingPut",
]
