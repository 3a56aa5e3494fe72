"""The bindings of what this package asks the host for."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import compute_runtime
else:
    compute_runtime = bindings.interface("compute_runtime")


def service_id() -> str:
    """Read the ID of the service that this is (``compute-runtime.get-service-id``)."""
    return compute_runtime.get_service_id()
