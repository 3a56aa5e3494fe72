"""The bindings of ``fastly:compute/compute-runtime``; their errors become this package's."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings
from fastly_compute.runtime.errors import runtime_error

if TYPE_CHECKING:
    from wit_world.imports import compute_runtime
else:
    compute_runtime = bindings.interface("compute_runtime")


def get_text(what: str) -> str:
    """Read a text: ``pop``, ``region``, ``hostname`` or an ID, such as ``service_id``."""
    found: str = getattr(compute_runtime, f"get_{what}")()
    return found


def get_number(what: str) -> int:
    """Read a number, such as ``vcpu_ms``."""
    found: int = getattr(compute_runtime, f"get_{what}")()
    return found


def is_staging() -> bool:
    """Read whether the app runs on the staging network."""
    return compute_runtime.get_is_staging()


def has_products(names: tuple[str, ...]) -> list[bool]:
    """Read for each product whether the service has it."""
    operation = "compute-runtime.products.new"
    try:
        with compute_runtime.Products.new() as products:
            found = []
            for name in names:
                operation = f"compute-runtime.products.has-{name.replace('_', '-')}"
                found.append(bool(getattr(products, f"has_{name}")()))
            return found
    except bindings.Err as err:
        raise runtime_error(err.value, operation) from None
