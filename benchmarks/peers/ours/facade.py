"""The same by `fastly_compute.requests`, in sandboxes that are reused."""

from fastly_compute import requests
from fastly_compute.http import IncomingRequest, Response, Reuse, service

ORIGIN = "http://origin.example"


def handle(request: IncomingRequest) -> Response:
    if request.path == "/":
        return Response.text("hello")
    found = requests.get(ORIGIN + request.path, backend="origin")
    headers = {"Content-Type": found.headers["Content-Type"]}
    return Response(found.status_code, headers, found.content)


HttpIncoming = service(handle, reuse=Reuse())
