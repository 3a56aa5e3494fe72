"""Three APIs in one response, asked at once, and given a second."""

import json
import re

from fastly_compute.http import (
    BodyError,
    CacheOptions,
    IncomingRequest,
    PendingResponse,
    Request,
    Response,
    SendError,
    WaitTimeout,
    gather,
    service,
)

DEADLINE = 1.0
LARGEST = 1_000_000
APIS = ("product", "reviews", "stock")
PRODUCT = re.compile(r"/products/([a-z0-9-]{1,60})")
BRIEFLY = CacheOptions(ttl=10)


def content(found: Response | SendError | WaitTimeout) -> object:
    """Return the JSON of an API's response, or raise what went wrong."""
    if not isinstance(found, Response):
        raise found
    if found.status != 200:
        raise ValueError(f"the status is {found.status}")
    body = found.body.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ValueError("the response is too large")
    return json.loads(body)


def ask(api: str, name: str) -> PendingResponse:
    return Request("GET", f"https://{api}.example/{name}", cache=BRIEFLY).send_async(api)


def handle(request: IncomingRequest) -> Response:
    path = PRODUCT.fullmatch(request.path)
    if path is None or request.method not in {"GET", "HEAD"}:
        return Response.text("unknown page\n", status=404)
    found = gather([ask(api, path[1]) for api in APIS], timeout=DEADLINE)
    page: dict[str, object] = {}
    for api, part in zip(APIS, found, strict=True):
        try:
            page[api] = content(part)
        except (SendError, WaitTimeout, BodyError, ValueError) as error:
            print(f"{api}: {error}")
            page[api] = None
    if page["product"] is None:  # without it, the rest is of no use
        return Response.text("the product is not available\n", status=502)
    complete = None not in page.values()
    kept = "public, max-age=10" if complete else "no-store"
    return Response.json(page, headers={"Cache-Control": kept})


HttpIncoming = service(handle)
