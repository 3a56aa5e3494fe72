"""Several requests at once, TLS settings and policies, through the facade."""

import json

from fastly_compute import requests
from fastly_compute.backend import Backend, allow_dynamic_backends, enforce_explicit_backends
from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.secret_store import Secret


def told(found: requests.Response | requests.RequestException) -> object:
    return type(found).__name__ if isinstance(found, requests.RequestException) else found.json()


def gathered(asked: dict[str, str]) -> object:
    """Send several requests at once."""
    url = asked["url"]
    prepared = requests.Request("POST", f"{url}/prepared", json=[1]).prepare()
    session = requests.Session()
    session.headers["X-Session"] = "1"
    request = session.prepare_request(requests.Request("GET", f"{url}/pending"))
    return [
        told(found)
        for found in requests.gather(
            [
                requests.Request("GET", f"{url}/first", params={"a": "b"}),
                requests.Request("GET", "http://127.0.0.1:1/"),
                prepared,
                requests.Request("GET", "no-scheme"),
                session.send_async(request),
            ],
            timeout=30,
        )
    ]


def verified(asked: dict[str, str]) -> object:
    """Ask an origin of a private authority: without it, with it, and with a certificate."""
    url, authority = asked["url"], asked["authority"]
    cert = (asked["certificate"], Secret.from_bytes(asked["key"].encode()))
    found = []
    for settings in ({}, {"verify": authority}, {"verify": authority, "cert": cert}):
        try:
            found.append(requests.get(url, **settings).json())
        except requests.exceptions.ConnectionError as error:
            found.append(type(error).__name__)
    return found


def distinct(asked: dict[str, str]) -> object:
    """Name the backends that different settings lead to."""
    plain = Backend.for_url(asked["url"])
    encrypted = Backend.for_url(asked["url"].replace("http:", "https:"))
    connecting = Backend.for_url(asked["url"], connect_timeout=3)
    waiting = Backend.for_url(asked["url"], first_byte_timeout=3)
    again = Backend.for_url(asked["url"])
    return [found.name for found in (plain, encrypted, connecting, waiting, again)]


def forbidden(asked: dict[str, str]) -> object:
    """Follow a redirect that leads where the policy does not."""
    allow_dynamic_backends(["127.0.0.1"])
    enforce_explicit_backends()
    try:
        return requests.get(asked["url"]).status_code
    except requests.BackendNotAllowed as error:
        kind = type(error).__name__
        return [kind, error.request.url, isinstance(error, requests.ConnectionError)]
    finally:
        allow_dynamic_backends()


def allowed(asked: dict[str, str]) -> object:
    """Follow it without a policy."""
    return requests.get(asked["url"]).status_code


WORK = {"gathered": gathered, "verified": verified, "distinct": distinct}
WORK |= {"forbidden": forbidden, "allowed": allowed}


def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    return Response.json(WORK[asked["do"]](asked))


HttpIncoming = service(handle)
