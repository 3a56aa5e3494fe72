"""The service with `fastly_compute.http`, in sandboxes that are reused."""

from main import handle

from fastly_compute.http import Reuse, service

HttpIncoming = service(handle, reuse=Reuse())
