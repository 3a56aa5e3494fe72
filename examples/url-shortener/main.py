"""A URL shortener: the long URLs are in the KV store `links`, by their short names."""

import re
import secrets
from urllib.parse import urlsplit

from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.kv_store import KVPreconditionFailed, KVStore, KVTooManyRequests

NAME = re.compile(r"/([A-Za-z0-9_-]{1,64})")
LONGEST_URL = 2000
LIFETIME = 30 * 24 * 3600


def follow(name: str) -> Response:
    """Redirect to the URL that has this name."""
    with KVStore.open("links") as links:
        entry = links.get(name)
        if entry is None:
            return Response.text("no such link\n", status=404)
        return Response(status=302, headers={"Location": entry.text()})


def shorten(url: str) -> Response:
    """Store a URL under a new name."""
    with KVStore.open("links") as links:
        while True:
            name = secrets.token_urlsafe(6)
            try:
                links.put(name, url, mode="add", ttl=LIFETIME)
            except KVPreconditionFailed:
                continue  # the name is taken
            return Response.text(f"/{name}\n", status=201, headers={"Location": f"/{name}"})


def is_url(text: str) -> bool:
    """Whether browsers may be sent there: an absolute URL of the web."""
    if not re.fullmatch(r"[!-~]+", text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def handle(request: IncomingRequest) -> Response:
    """Answer one request."""
    try:
        if request.method == "POST" and request.path == "/":
            url = request.body.read(LONGEST_URL + 1).decode("latin-1").strip()
            if len(url) > LONGEST_URL or not is_url(url):
                return Response.text("the body must be an http or https URL\n", status=400)
            return shorten(url)
        found = NAME.fullmatch(request.path)
        if request.method in {"GET", "HEAD"} and found:
            return follow(found[1])
    except KVTooManyRequests:
        return Response.text("try again\n", status=503, headers={"Retry-After": "1"})
    return Response.text("POST a URL to /, or GET a short name\n", status=404)


HttpIncoming = service(handle)
