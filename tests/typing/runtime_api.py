"""Where an app runs as a type checker sees it: checked against the installed wheels, never run."""

from datetime import timedelta
from typing import assert_type

from fastly_compute import runtime
from fastly_compute.local import ServiceInfo
from fastly_compute.testing import ComputeHost


def reads() -> None:
    assert_type(runtime.pop(), str)
    assert_type(runtime.service_version(), int)
    assert_type(runtime.is_staging(), bool)
    assert_type(runtime.vcpu_time(), timedelta)
    assert_type(runtime.heap_mib(), int)
    assert_type(runtime.products(), runtime.Products)
    assert_type(runtime.products().image_optimizer, bool)
    runtime.products(1)  # type: ignore[call-arg]


def sets(compute_host: ComputeHost) -> None:
    compute_host.service = ServiceInfo(pop="LHR", products=["image_optimizer"])
    ServiceInfo(products=["waf"])  # type: ignore[list-item]
