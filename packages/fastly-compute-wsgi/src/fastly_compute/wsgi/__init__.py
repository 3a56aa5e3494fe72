"""Any WSGI app as a service on Fastly Compute (PEP 3333)."""

from fastly_compute.wsgi.app import WsgiHttpIncoming
from fastly_compute.wsgi.errors import WsgiError
from fastly_compute.wsgi.warm_up import warm_up

__all__ = ["WsgiError", "WsgiHttpIncoming", "warm_up"]
