"""Facts about a running app: its service, site, sandbox, CPU time, memory and products."""

from fastly_compute.runtime.errors import (
    ComputeRuntimeError,
    RuntimeCallFailed,
    RuntimeUnsupported,
)
from fastly_compute.runtime.products import Products, products
from fastly_compute.runtime.service import (
    cache_generation,
    customer_id,
    hostname,
    is_staging,
    namespace_id,
    pop,
    region,
    service_id,
    service_version,
)
from fastly_compute.runtime.usage import heap_mib, sandbox_id, trace_id, vcpu_time

__all__ = [
    "ComputeRuntimeError",
    "Products",
    "RuntimeCallFailed",
    "RuntimeUnsupported",
    "cache_generation",
    "customer_id",
    "heap_mib",
    "hostname",
    "is_staging",
    "namespace_id",
    "pop",
    "products",
    "region",
    "sandbox_id",
    "service_id",
    "service_version",
    "trace_id",
    "vcpu_time",
]
