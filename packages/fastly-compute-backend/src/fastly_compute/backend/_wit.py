"""The bindings of ``fastly:compute/backend``."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import backend
else:
    backend = bindings.interface("backend")

__all__ = ["backend"]
