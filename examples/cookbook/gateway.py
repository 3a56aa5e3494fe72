"""An API gateway: it adds a secret, tries twice, caches for a minute, and can be purged."""

import hmac

from fastly_compute import cache
from fastly_compute.http import CacheOptions, IncomingRequest, Request, Response, SendError, service
from fastly_compute.secret_store import SecretStore

TRIES = 2
UNAVAILABLE = {502, 503, 504}
TAG = "api"
SHARED = CacheOptions(ttl=60, surrogate_key=TAG)


def fetch(request: IncomingRequest) -> Response:
    """Send a GET on to the API, and once more if that fails."""
    key = SecretStore.open("gateway")["api-key"].text()
    query = f"?{request.query_string}" if request.query_string else ""
    forwarded = Request(
        request.method,
        f"https://api.example{request.path}{query}",
        headers={"Authorization": f"Bearer {key}"},
        cache=SHARED,
    )
    for _ in range(TRIES):
        try:
            response = forwarded.send("api")
        except SendError as error:
            print(error)  # the client does not learn the names of backends
            continue
        if response.status not in UNAVAILABLE:
            return response
        print(f"the API responded with {response.status}")
        response.close()
    return Response.text("the API is not available\n", status=502)


def purge(request: IncomingRequest) -> Response:
    """Remove all responses of the API from the cache, for those who know the token."""
    expected = SecretStore.open("gateway")["purge-token"].plaintext()
    given = (request.headers.get("Authorization") or "").encode()
    if not hmac.compare_digest(given, b"Bearer " + expected):
        return Response.text("wrong token\n", status=403)
    cache.purge_surrogate_key(TAG)
    return Response(status=204)


def handle(request: IncomingRequest) -> Response:
    match request.method, request.path:
        case "POST", "/purge":
            return purge(request)
        case "GET" | "HEAD", _:
            return fetch(request)
    return Response.text("GET only\n", status=405, headers={"Allow": "GET, HEAD"})


HttpIncoming = service(handle)
