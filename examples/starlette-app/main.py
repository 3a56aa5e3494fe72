"""A Starlette app at the edge: backends put together, a stream, work after the response."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TypedDict

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fastly_compute.asgi import AsgiHttpIncoming, warm_up
from fastly_compute.httpx import AsyncClient, AsyncTransport

SECTIONS = ("news", "weather", "stocks")
BACKENDS = (*SECTIONS, "orders", "statistics")
PATIENCE = 2  # seconds
LONGEST_ORDER = 10_000


class State(TypedDict):
    client: httpx.AsyncClient


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[State]:
    """Make what the requests of a sandbox share."""
    backends = {f"https://{name}.example": AsyncTransport(name) for name in BACKENDS}
    async with AsyncClient(mounts=backends) as client:
        yield {"client": client}


async def section(client: httpx.AsyncClient, name: str) -> tuple[str, object]:
    try:
        async with asyncio.timeout(PATIENCE):
            response = await client.get(f"https://{name}.example/")
        return name, response.raise_for_status().json()
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        print(f"{name}: {error!r}")
        return name, None


async def today(request: Request) -> Response:
    """All sections at once: it takes as long as the slowest, and one may be missing."""
    client = request.state.client
    return JSONResponse(dict(await asyncio.gather(*(section(client, name) for name in SECTIONS))))


async def stream(request: Request) -> Response:
    """The same, but each section is sent as soon as it is there, on a line of its own."""
    client = request.state.client

    async def lines() -> AsyncIterator[str]:
        for found in asyncio.as_completed([section(client, name) for name in SECTIONS]):
            yield json.dumps(await found) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@dataclass(frozen=True)
class Order:
    product: str
    count: int

    @classmethod
    def parse(cls, data: object) -> "Order":
        match data:
            case {"product": str(product), "count": int(count)} if product and count is not True:
                if 0 < count < 100:
                    return cls(product, count)
        raise HTTPException(422, "an order is a product and a count from 1 to 99")


async def body(request: Request) -> bytes:
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > LONGEST_ORDER:
            raise HTTPException(413)
    return found


async def order(request: Request) -> Response:
    try:
        data = json.loads(await body(request))
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
    made = Order.parse(data)
    client = request.state.client
    try:
        placed = await client.post("https://orders.example/", json=asdict(made))
        number = placed.raise_for_status().json()["number"]
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        print(f"orders: {error!r}")
        raise HTTPException(502, "the order was not placed") from None
    # It runs when the client has its response, before the sandbox ends.
    task = BackgroundTask(count, client, made)
    return JSONResponse({"number": number}, 201, background=task)


async def count(client: httpx.AsyncClient, made: Order) -> None:
    """Count what is sold, which may be lost."""
    try:
        await client.post("https://statistics.example/", json=asdict(made))
    except httpx.HTTPError as error:
        print(f"statistics: {error!r}")


async def failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


app = Starlette(
    routes=[
        Route("/", today),
        Route("/stream", stream),
        Route("/orders", order, methods=["POST"]),
    ],
    lifespan=lifespan,
    exception_handlers={HTTPException: failed},
)

# What this request loads is then in every new sandbox.
warm_up(app, "/nowhere", lifespan="on")

HttpIncoming = AsgiHttpIncoming(app)
