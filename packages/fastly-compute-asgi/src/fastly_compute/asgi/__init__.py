"""Any ASGI app as a service on Fastly Compute (ASGI 3)."""

from fastly_compute.asgi.app import AsgiHttpIncoming
from fastly_compute.asgi.errors import AsgiError
from fastly_compute.asgi.warm_up import warm_up

__all__ = ["AsgiError", "AsgiHttpIncoming", "warm_up"]
