"""A maintenance page that a config store turns on and off, without a deploy."""

from html import escape

from fastly_compute.config_store import ConfigStore, ConfigStoreError
from fastly_compute.http import CacheOptions, IncomingRequest, Request, Response, SendError, service

PAGE = """<!doctype html>
<html lang="en"><title>Back soon</title>
<h1>Back soon</h1><p>{notice}</p></html>
"""
RETRY_AFTER = "600"
UNCACHED = CacheOptions(pass_through=True)  # everything of the client is forwarded


def notice(address: str | None) -> str | None:
    """Return what visitors read during maintenance, or None if the site is up for this address."""
    try:
        with ConfigStore.open("site") as site:
            if site.get("maintenance", "off") != "on":
                return None
            if address and address in site.get("maintenance-testers", "").split():
                return None
            return site.get("maintenance-notice", "We are working on the site.")
    except ConfigStoreError as error:
        print(f"the site stays up: {error}")
        return None


def handle(request: IncomingRequest) -> Response:
    text = notice(request.client_address)
    if text is not None:
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Retry-After": RETRY_AFTER,
        }
        return Response(status=503, headers=headers, body=PAGE.format(notice=escape(text)))
    forwarded = Request(
        request.method, request.url, headers=request.headers, body=request.body, cache=UNCACHED
    )
    try:
        return forwarded.send("origin")
    except SendError as error:
        print(error)
        return Response.text("the origin is not available\n", status=502)


HttpIncoming = service(handle)
