"""A Fastly Compute service."""

from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    """Respond to a request."""
    if request.path == "/":
        return Response.text("Hello from the edge\n")
    return Response.text("Not found\n", status=404)


HttpIncoming = service(handle)
