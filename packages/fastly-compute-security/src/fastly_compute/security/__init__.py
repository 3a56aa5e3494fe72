"""Security on Fastly Compute: the verdict of the Next-Gen WAF on a request."""

from fastly_compute.security.errors import (
    InvalidInspectOption,
    SecurityCallFailed,
    SecurityError,
    SecurityUnsupported,
)
from fastly_compute.security.inspection import Inspection, inspect
from fastly_compute.security.verdict import Verdict

__all__ = [
    "Inspection",
    "InvalidInspectOption",
    "SecurityCallFailed",
    "SecurityError",
    "SecurityUnsupported",
    "Verdict",
    "inspect",
]
