"""State shared by the sandboxes of a host: caches, KV data, rates, penalty boxes, health."""

from fastly_compute.local.state.cache import CacheData
from fastly_compute.local.state.cached_object import CachedObject, ResponseHead, WriteOptions
from fastly_compute.local.state.health import HealthChecks
from fastly_compute.local.state.kv import KvData, KvEntry, KvRefused
from fastly_compute.local.state.rates import PenaltyBoxes, RateCounters, RateRefused
from fastly_compute.local.state.stored_body import StoredBody
from fastly_compute.local.state.transaction import (
    CacheOutcome,
    Found,
    Obligation,
    ObligationGone,
    Outcome,
    Transaction,
)
from fastly_compute.local.state.vary import VaryRule

__all__ = [
    "CacheData",
    "CacheOutcome",
    "CachedObject",
    "Found",
    "HealthChecks",
    "KvData",
    "KvEntry",
    "KvRefused",
    "Obligation",
    "ObligationGone",
    "Outcome",
    "PenaltyBoxes",
    "RateCounters",
    "RateRefused",
    "ResponseHead",
    "StoredBody",
    "Transaction",
    "VaryRule",
    "WriteOptions",
]
