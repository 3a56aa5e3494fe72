"""A URL shortener: a KV store, a rate limit, and a log of requests as JSON."""

import ipaddress
import logging
import re
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from fastly_compute.erl import EdgeRateLimiter, ErlError
from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.kv_store import KVPreconditionFailed, KVStore, KVTooManyRequests
from fastly_compute.log import FastlyLogHandler, JSONFormatter, request_id

NAME = re.compile(r"/([A-Za-z0-9_-]{1,64})")
# The characters of RFC 3986. A line break would start a header; browsers take "\" for "/".
URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
LONGEST_URL = 2000
LIFETIME = timedelta(days=30)

limiter = EdgeRateLimiter(
    counter="new-links",
    penalty_box="offenders",
    window=10,
    limit=10,
    ttl=timedelta(minutes=1),
)
RETRY_AFTER = str(int(limiter.ttl.total_seconds()))

# Configured while the app is imported: the endpoint is opened for the first record.
handler = FastlyLogHandler("requests")
handler.setFormatter(JSONFormatter())
log = logging.getLogger("url_shortener")
log.addHandler(handler)
log.setLevel(logging.INFO)
log.propagate = False


def counted(address: str) -> str:
    """Return what is counted: an IPv4 address, or a /64, all of which one IPv6 client can use."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


def is_limited(request: IncomingRequest) -> bool:
    """Return whether a client adds too many links; if the check fails, let it through."""
    try:
        return limiter.check_rate(counted(request.client_address or "unknown"))
    except ErlError as error:
        log.warning("not rate limited: %s", error)
        return False


def is_url(text: str) -> bool:
    """Return whether it is an http or https URL, without a user name that disguises its host."""
    if len(text) > LONGEST_URL or not URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # a ValueError if it is not a port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def follow(name: str) -> Response:
    """Redirect to the URL that has this name."""
    with KVStore.open("links") as links:
        entry = links.get(name)
        if entry is None:
            return Response.text("no such link\n", status=404)
        url = entry.body.read(LONGEST_URL + 1).decode("latin-1")
    if not is_url(url):  # the store can be written to elsewhere
        log.error("the link %s is not a URL", name)
        return Response.text("this link is broken\n", status=500)
    return Response(status=302, headers={"Location": url})


def shorten(request: IncomingRequest) -> Response:
    """Store the URL in the body under a new name."""
    url = request.body.read(LONGEST_URL + 1).decode("latin-1").strip()
    if not is_url(url):
        return Response.text("the body must be an http or https URL\n", status=400)
    with KVStore.open("links") as links:
        while True:
            name = secrets.token_urlsafe(6)
            try:
                links.put(name, url, mode="add", ttl=LIFETIME)
            except KVPreconditionFailed:
                continue  # the name is taken
            return Response.text(f"/{name}\n", status=201, headers={"Location": f"/{name}"})


def respond(request: IncomingRequest) -> Response:
    """Respond to one request."""
    try:
        if request.method == "POST" and request.path == "/":
            if is_limited(request):
                headers = {"Retry-After": RETRY_AFTER}
                return Response.text("too many links\n", status=429, headers=headers)
            return shorten(request)
        found = NAME.fullmatch(request.path)
        if request.method in {"GET", "HEAD"} and found:
            return follow(found[1])
    except KVTooManyRequests:
        return Response.text("try again\n", status=503, headers={"Retry-After": "1"})
    return Response.text("POST a URL to /, or GET a short name\n", status=404)


def handle(request: IncomingRequest) -> Response:
    """Respond to one request, and log it."""
    with request_id(request.request_id):
        response = respond(request)
        path = request.path[:100]
        log.info("%s %s", request.method, path, extra={"status": response.status})
        return response


HttpIncoming = service(handle)
