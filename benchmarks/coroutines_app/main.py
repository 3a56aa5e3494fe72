"""Sends requests at once, awaited or gathered, and reports how long that took."""

import asyncio
import json
import time

from fastly_compute.http import IncomingRequest, PendingResponse, Request, Response, gather, service


def send(url: str) -> PendingResponse:
    return Request("GET", url).send_async()


async def awaited(url: str, count: int) -> int:
    found = await asyncio.gather(*(send(url) for _ in range(count)))
    return sum(response.status == 200 for response in found)


def gathered(url: str, count: int) -> int:
    found = gather([send(url) for _ in range(count)])
    return sum(isinstance(response, Response) for response in found)


async def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    url, count = asked["url"], asked["count"]
    started = time.perf_counter()
    if asked["way"] == "awaited":
        arrived = await awaited(url, count)
    else:
        arrived = gathered(url, count)
    seconds = time.perf_counter() - started
    if arrived != count:
        raise ValueError(arrived)
    return Response.json({"seconds": seconds})


HttpIncoming = service(handle)
