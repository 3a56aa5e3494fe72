"""Shields of Fastly Compute: other sites that requests to an origin go through."""

from fastly_compute.shielding.errors import (
    InvalidShieldName,
    InvalidShieldOption,
    ShieldBackendInUse,
    ShieldHasNoBackend,
    ShieldingCallFailed,
    ShieldingError,
    ShieldingUnsupported,
    ShieldNotFound,
)
from fastly_compute.shielding.shield import Shield

__all__ = [
    "InvalidShieldName",
    "InvalidShieldOption",
    "Shield",
    "ShieldBackendInUse",
    "ShieldHasNoBackend",
    "ShieldNotFound",
    "ShieldingCallFailed",
    "ShieldingError",
    "ShieldingUnsupported",
]
