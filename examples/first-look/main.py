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

PERSONAL = ("Authorization", "Cookie")
# Origins make links of these, and the cache does not tell responses apart by them: what one client
# writes here, the others would get.
NOT_FORWARDED = ("Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-Url")


def handle(request: IncomingRequest) -> Response:
    personal = any(name in request.headers for name in PERSONAL)
    forwarded = Request(
        request.method,
        request.url,
        headers=request.headers,
        body=request.body,
        cache=CacheOptions(pass_through=True) if personal else CacheOptions(ttl=30),
    )
    for name in NOT_FORWARDED:
        if name in forwarded.headers:
            del forwarded.headers[name]
    forwarded.headers["TheTime"] = datetime.now(UTC).isoformat()
    try:
        response = forwarded.send("origin")
    except SendError as error:
        return Response.text(str(error), status=502)
    personal = personal or "Set-Cookie" in response.headers
    response.headers["Cache-Control"] = "private" if personal else "public, s-maxage=86400"
    return response


HttpIncoming = service(handle)
