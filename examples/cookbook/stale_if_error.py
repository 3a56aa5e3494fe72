"""Stale if error: a page that was fetched before stays up for a day while its origin is down."""

from datetime import timedelta

from fastly_compute.http import (
    CacheOptions,
    CandidateResponse,
    IncomingRequest,
    Request,
    Response,
    SendError,
    service,
)


def decide(candidate: CandidateResponse) -> None:
    """Prefer the stored page to an error of the origin."""
    if candidate.status >= 500 and candidate.stale_if_error_available:
        candidate.use_stale()


PAGES = CacheOptions(
    ttl=timedelta(minutes=1),
    stale_if_error=timedelta(days=1),
    after_send=decide,
)


def handle(request: IncomingRequest) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return Response.text("GET only\n", status=405, headers={"Allow": "GET, HEAD"})
    try:
        response = Request(request.method, request.url, cache=PAGES).send("origin")
    except SendError as error:
        print(error)
        return Response.text("try again later\n", status=502, headers={"Retry-After": "30"})
    if response.masked_error is not None:
        print(f"stale, because {response.masked_error}")
    return response


HttpIncoming = service(handle)
