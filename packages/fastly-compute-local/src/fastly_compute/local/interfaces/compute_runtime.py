"""`fastly:compute/compute-runtime`: where the guest runs, and what it has used."""

import time

from fastly_compute.local.config import Product, ServiceInfo
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running


def _service() -> ServiceInfo:
    return running().host.config.service


class Products(Resource):
    """The products that the service has."""

    @classmethod
    def new(cls) -> "Products":
        """Return the service's products."""
        return cls()

    def has_domain_inspector(self) -> bool:
        """Tell whether the service has Domain Inspector."""
        return _has("domain_inspector")

    def has_image_optimizer(self) -> bool:
        """Tell whether the service has Image Optimizer."""
        return _has("image_optimizer")

    def has_origin_inspector(self) -> bool:
        """Tell whether the service has Origin Inspector."""
        return _has("origin_inspector")


def _has(product: Product) -> bool:
    return product in _service().products


def get_vcpu_ms() -> int:
    """Return the milliseconds of CPU time that the sandbox's thread has used since it began."""
    return max(time.thread_time_ns() - running().cpu_started, 0) // 1_000_000


def get_heap_mib() -> int:
    """Return the memory used, which this host does not measure."""
    return 0


def get_sandbox_id() -> str:
    """Return the sandbox's identifier."""
    return running().id


def get_hostname() -> str:
    """Return the machine's name."""
    return _service().hostname


def get_pop() -> str:
    """Return the point of presence."""
    return _service().pop


def get_region() -> str:
    """Return the region."""
    return _service().region


def get_cache_generation() -> int:
    """Return the cache's generation."""
    return _service().cache_generation


def get_customer_id() -> str:
    """Return the customer."""
    return _service().customer_id


def get_is_staging() -> bool:
    """Tell whether this is the staging network."""
    return _service().is_staging


def get_service_id() -> str:
    """Return the service."""
    return _service().service_id


def get_service_version() -> int:
    """Return the service's version."""
    return _service().service_version


def get_namespace_id() -> str:
    """Return the namespace."""
    return _service().namespace_id
