"""httpx on Fastly Compute backends: transports, and clients that use them."""

from fastly_compute.httpx.clients import AsyncClient, Client
from fastly_compute.httpx.options import ClientOptions
from fastly_compute.httpx.transports import AsyncTransport, Transport

__all__ = [
    "AsyncClient",
    "AsyncTransport",
    "Client",
    "ClientOptions",
    "Transport",
]
