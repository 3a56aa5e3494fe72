"""The bindings that this package uses."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import compute_runtime
else:
    compute_runtime = bindings.interface("compute_runtime")


def service_id() -> str:
    """Return the ID of the running service (``compute-runtime.get-service-id``)."""
    return compute_runtime.get_service_id()
