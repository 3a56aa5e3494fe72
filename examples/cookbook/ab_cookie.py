"""An A/B test: a cookie keeps each visitor with the variant of the first visit."""

import secrets
from datetime import timedelta

from fastly_compute.http import IncomingRequest, Request, Response, SendError, service

VARIANTS = ("a", "b")
COOKIE = "__Host-variant"
LIFETIME = timedelta(days=30)


def fetch(variant: str, request: IncomingRequest) -> Response:
    """Fetch the page of a variant; the host name in its URL keeps the two apart in the cache."""
    query = f"?{request.query_string}" if request.query_string else ""
    url = f"https://{variant}.shop.example{request.path}{query}"
    return Request(request.method, url).send(f"variant-{variant}")


def handle(request: IncomingRequest) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return Response.text("GET only\n", status=405, headers={"Allow": "GET, HEAD"})
    kept = request.cookies.get(COOKIE)
    variant = kept if kept in VARIANTS else secrets.choice(VARIANTS)
    try:
        response = fetch(variant, request)
    except SendError as error:
        print(error)
        return Response.text("the shop is not available\n", status=502)
    # The page is shared here at the edge, and no other cache may give it to the next visitor.
    response.headers["Cache-Control"] = "private, no-cache"
    if variant != kept:
        response.set_cookie(COOKIE, variant, max_age=LIFETIME)
    return response


HttpIncoming = service(handle)
