"""The smallest coroutine as a handler."""

from fastly_compute.http import IncomingRequest, Response, service


@service
async def HttpIncoming(request: IncomingRequest) -> Response:  # noqa: N802 - the platform's name
    return Response.text("hello")
