"""A first look: a request is changed, cached for 30 seconds, and its response changed as well."""

from datetime import UTC, datetime

from fastly_compute.http import (
    CacheOptions,
    IncomingRequest,
    Request,
    Response,
    SendError,
    service,
)


def handle(request: IncomingRequest) -> Response:
    forwarded = Request(
        request.method,
        request.url,
        headers=request.headers,
        body=request.body,
        cache=CacheOptions(ttl=30),
    )
    forwarded.headers["TheTime"] = datetime.now(UTC).isoformat()
    try:
        response = forwarded.send("origin")
    except SendError as error:
        return Response.text(str(error), status=502)
    response.headers["Cache-Control"] = "public, s-maxage=86400"
    return response


HttpIncoming = service(handle)
