"""The bindings of ``fastly:compute/log``; their errors become this package's exceptions."""

from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.core import bindings
from fastly_compute.log.errors import log_error

if TYPE_CHECKING:
    from wit_world.imports import log

    Endpoint: TypeAlias = log.Endpoint
else:
    log = bindings.interface("log")


def open_endpoint(name: str) -> "Endpoint":
    """Open an endpoint."""
    try:
        return log.Endpoint.open(name)
    except bindings.Err as err:
        raise log_error(err.value, "log.endpoint.open", subject=name) from None


def write(endpoint: "Endpoint", message: bytes) -> None:
    """Write a message; the WIT has no error for it."""
    endpoint.write(message)
