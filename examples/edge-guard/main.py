"""An edge guard: an access control list, a rate limit, and a greeting by country."""

from datetime import timedelta

from fastly_compute import geo
from fastly_compute.acl import Acl, AclError, Action
from fastly_compute.erl import EdgeRateLimiter, ErlError
from fastly_compute.http import IncomingRequest, Response, service

# Checked when the app is built: a window of 5 seconds would fail the build.
limiter = EdgeRateLimiter(
    counter="requests",
    penalty_box="offenders",
    window=10,
    limit=20,
    ttl=timedelta(minutes=5),
)
RETRY_AFTER = str(int(limiter.ttl.total_seconds()))


def is_blocked(address: str) -> bool:
    """Return whether the list blocks an address; an unknown action blocks it too."""
    with Acl.open("visitors") as acl:
        match = acl.lookup(address)
    return match is not None and match.action is not Action.ALLOW


def is_limited(address: str) -> bool:
    """Return whether an address sends too much; if the check fails, let it through."""
    try:
        return limiter.check_rate(address)
    except ErlError as error:
        print(f"the rate of {address} is not limited: {error}")
        return False


def country(address: str) -> str:
    try:
        found = geo.lookup(address)
    except geo.GeoError as error:
        print(f"the country of {address} is not known: {error}")
        return "somewhere"
    return (found and found.country_name) or "somewhere"


def handle(request: IncomingRequest) -> Response:
    address = request.client_address
    if address is None:
        return Response.text("your address is not known", status=403)
    try:
        if is_blocked(address):
            return Response.text("you are blocked", status=403)
    except AclError as error:
        # The list protects the app: if it cannot be read, let no client in.
        print(f"the list of visitors cannot be read: {error}")
        return Response.text("try again later", status=503, headers={"Retry-After": "10"})
    if is_limited(address):
        headers = {"Retry-After": RETRY_AFTER}
        return Response.text("too many requests", status=429, headers=headers)
    return Response.text(f"Hello, visitor from {country(address)}")


HttpIncoming = service(handle)
