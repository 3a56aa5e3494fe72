"""The smallest app: what a request costs when the app itself does nothing."""

from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    return Response.text("hello")


HttpIncoming = service(handle)
