"""Cached GraphQL: clients name a query, and its answer is fetched once a minute."""

import hashlib
import json

from fastly_compute import cache
from fastly_compute.http import (
    BodyError,
    BodyTooLarge,
    CacheOptions,
    IncomingRequest,
    Request,
    Response,
    SendError,
    service,
)

# Clients send no GraphQL: a mutation or a query that costs too much is not among these.
QUERIES = {
    "Product": "query Product($id: ID!) { product(id: $id) { name price } }",
    "Categories": "query Categories { categories { id name } }",
}
LARGEST_REQUEST = 2_000
TTL = 60
ASK = CacheOptions(pass_through=True)


class NotCached(Exception):
    """The response is an error, which is not to be kept for others."""


def fetch(body: bytes) -> bytes:
    headers = {"Content-Type": "application/json"}
    request = Request("POST", "https://api.example/graphql", headers=headers, body=body, cache=ASK)
    response = request.send("api")
    content = response.body.read()
    found = json.loads(content)
    if response.status != 200 or not isinstance(found, dict) or "errors" in found:
        raise NotCached(f"status {response.status}")
    return content


def handle(request: IncomingRequest) -> Response:
    if (request.method, request.path) != ("POST", "/graphql"):
        return Response.text("POST to /graphql\n", status=404)
    try:
        given = request.json(limit=LARGEST_REQUEST)
        name, variables = given["operationName"], dict(given.get("variables") or {})
        asked = {"query": QUERIES[name], "operationName": name, "variables": variables}
    except (BodyTooLarge, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Response.text("operationName must be one of the known queries\n", status=400)
    body = json.dumps(asked, sort_keys=True).encode()
    key = f"graphql {hashlib.sha256(body).hexdigest()}"
    try:
        content = cache.get_or_set(key, lambda: fetch(body), ttl=TTL).read()
    except (SendError, BodyError, NotCached, json.JSONDecodeError) as error:
        print(f"{name}: {error}")
        return Response.text("the API gave no answer\n", status=502)
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(headers=headers, body=content)


HttpIncoming = service(handle)
