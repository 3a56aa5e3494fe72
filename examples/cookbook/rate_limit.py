"""A rate limit: who sends too many requests gets a 429 for a minute."""

import ipaddress
from datetime import timedelta

from fastly_compute.erl import EdgeRateLimiter, ErlError
from fastly_compute.http import CacheOptions, IncomingRequest, Request, Response, SendError, service

# Checked when the app is built: a window of 5 seconds would fail the build.
LIMITER = EdgeRateLimiter(
    counter="requests",
    penalty_box="offenders",
    window=10,
    limit=20,  # per second, on average over the window
    ttl=timedelta(minutes=1),
)
UNCACHED = CacheOptions(pass_through=True)  # everything of the client is forwarded
RETRY_AFTER = str(int(LIMITER.ttl.total_seconds()))


def counted_as(address: str) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 one: one client can use all addresses in it."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


def is_limited(request: IncomingRequest) -> bool:
    try:
        # Not X-Forwarded-For, where clients can write what they like.
        return LIMITER.check_rate(counted_as(request.client_address or "unknown"))
    except ErlError as error:
        print(f"not limited: {error}")  # a limiter that fails must not take the site down
        return False


def handle(request: IncomingRequest) -> Response:
    if is_limited(request):
        headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
        return Response.text("too many requests\n", status=429, headers=headers)
    forwarded = Request(
        request.method, request.url, headers=request.headers, body=request.body, cache=UNCACHED
    )
    try:
        return forwarded.send("origin")
    except SendError as error:
        print(error)
        return Response.text("the origin is not available\n", status=502)


HttpIncoming = service(handle)
