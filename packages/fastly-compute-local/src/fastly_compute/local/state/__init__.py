"""What the sandboxes of a host share and change: KV data, rate counters and penalty boxes."""

from fastly_compute.local.state.kv import KvData, KvEntry, KvRefused
from fastly_compute.local.state.rates import PenaltyBoxes, RateCounters, RateRefused

__all__ = ["KvData", "KvEntry", "KvRefused", "PenaltyBoxes", "RateCounters", "RateRefused"]
