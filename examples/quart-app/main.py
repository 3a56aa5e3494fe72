"""A Quart app at the edge: backends put together, a stream, work after the response."""

import asyncio
import json
from collections.abc import AsyncIterator

from quart import Quart, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from fastly_compute.asgi import AsgiHttpIncoming, warm_up
from fastly_compute.config_store import ConfigStore
from fastly_compute.http import BodyError, Request, SendError

PATIENCE = 2  # seconds

app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = 10_000


@app.before_serving
async def load_settings() -> None:
    """Read what the requests of a sandbox share."""
    app.config["CURRENCY"] = ConfigStore.open("shop")["currency"]


async def part(backend: str, number: int) -> object:
    try:
        async with asyncio.timeout(PATIENCE):
            response = await Request("GET", f"https://{backend}.example/{number}").send_async(
                backend
            )
            content = b"".join([piece async for piece in response.body])
        return json.loads(content) if response.status == 200 else None
    except (SendError, BodyError, TimeoutError, ValueError) as error:
        print(f"{backend}: {error!r}")
        return None


@app.get("/products/<int:number>")
async def product(number: int) -> Response:
    """All parts at once: it takes as long as the slowest, and only the price is vital."""
    price, stock, reviews = await asyncio.gather(
        *(part(backend, number) for backend in ("prices", "stock", "reviews"))
    )
    if price is None:
        abort(502, "the price is not known")
    return jsonify(price=price, currency=app.config["CURRENCY"], stock=stock, reviews=reviews)


@app.get("/prices")
async def prices() -> Response:
    """Change the lines of a backend as they arrive, however many there are."""
    try:
        answer = await Request("GET", "https://prices.example/all").send_async("prices")
    except SendError as error:
        print(f"prices: {error!r}")
        abort(502, "the prices are not known")
    currency = app.config["CURRENCY"].encode()

    async def lines() -> AsyncIterator[bytes]:
        left = b""
        async for piece in answer.body:
            *whole, left = (left + piece).split(b"\n")
            for line in whole:
                yield b"%s %s\n" % (line, currency)

    return Response(lines(), answer.status, content_type="text/plain")


@app.post("/reviews/<int:number>")
async def review(number: int) -> tuple[Response, int]:
    stars = await request.get_json()
    if not isinstance(stars, int) or isinstance(stars, bool) or not 1 <= stars <= 5:
        abort(422, "a review is a number of stars, 1 to 5")
    url = f"https://reviews.example/{number}"
    headers = {"Content-Type": "application/json"}
    try:
        sent = Request("POST", url, headers=headers, body=json.dumps(stars)).send_async("reviews")
        answer = await sent
    except SendError as error:
        print(f"reviews: {error!r}")
        abort(502, "the review was not taken")
    if answer.status >= 400:
        abort(502, "the review was not taken")
    app.add_background_task(count, number, stars)
    return jsonify(taken=True), 201


async def count(number: int, stars: int) -> None:
    """Count what is reviewed, which may be lost."""
    try:
        url = f"https://statistics.example/{number}/{stars}"
        await Request("POST", url).send_async("statistics")
    except SendError as error:
        print(f"statistics: {error!r}")


@app.errorhandler(HTTPException)
async def failed(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.description), error.code or 500


# What this request loads is then in every new sandbox.
warm_up(app, "/nowhere")

HttpIncoming = AsgiHttpIncoming(app)
