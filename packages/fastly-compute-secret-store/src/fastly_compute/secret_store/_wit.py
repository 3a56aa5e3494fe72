"""The bindings of ``fastly:compute/secret-store``."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import secret_store
else:
    secret_store = bindings.interface("secret_store")

__all__ = ["secret_store"]
