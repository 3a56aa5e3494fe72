"""A proxy that reads nothing of what it passes on, and keeps nothing."""

from fastly_compute.http import CacheOptions, IncomingRequest, Request, Response, service


def handle(request: IncomingRequest) -> Response:
    return Request(
        request.method,
        f"https://origin.example{request.path}",
        body=request.body,
        cache=CacheOptions(pass_through=True),
    ).send("origin")


HttpIncoming = service(handle)
