"""The smallest app: it shows the cost of a request when the app does nothing."""

from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    return Response.text("hello")


HttpIncoming = service(handle)
