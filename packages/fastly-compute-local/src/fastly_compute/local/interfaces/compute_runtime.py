"""`fastly:compute/compute-runtime`: the guest's environment, with the values of Viceroy."""

import time

from fastly_compute.local.runtime.sandbox import running

_NO_ID = "0" * 22


def get_vcpu_ms() -> int:
    """Return the milliseconds of CPU time used, here by the thread."""
    return time.thread_time_ns() // 1_000_000


def get_heap_mib() -> int:
    """Return the memory used, which this host does not measure."""
    return 0


def get_sandbox_id() -> str:
    """Return the sandbox's identifier."""
    return running().id


def get_hostname() -> str:
    """Return the name of the machine."""
    return "localhost"


def get_pop() -> str:
    """Return the point of presence."""
    return "XXX"


def get_region() -> str:
    """Return the region."""
    return "Somewhere"


def get_cache_generation() -> int:
    """Return the cache's generation."""
    return 0


def get_customer_id() -> str:
    """Return the customer's identifier."""
    return _NO_ID


def get_is_staging() -> bool:
    """Return whether this is the staging network."""
    return False


def get_service_id() -> str:
    """Return the service's identifier."""
    return _NO_ID


def get_service_version() -> int:
    """Return the service's version."""
    return 0


def get_namespace_id() -> str:
    """Return the namespace's identifier."""
    return ""
