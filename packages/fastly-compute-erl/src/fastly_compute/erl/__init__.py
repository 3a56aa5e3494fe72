"""Edge rate limiting on Fastly Compute: count what clients do, and limit those that do too much."""

from fastly_compute.erl.counter import RateCounter
from fastly_compute.erl.errors import (
    ErlCallFailed,
    ErlError,
    ErlNameRefused,
    ErlUnsupported,
    InvalidErlOption,
)
from fastly_compute.erl.limiter import EdgeRateLimiter
from fastly_compute.erl.options import CountDuration, RateWindow
from fastly_compute.erl.penalty_box import PenaltyBox

__all__ = [
    "CountDuration",
    "EdgeRateLimiter",
    "ErlCallFailed",
    "ErlError",
    "ErlNameRefused",
    "ErlUnsupported",
    "InvalidErlOption",
    "PenaltyBox",
    "RateCounter",
    "RateWindow",
]
