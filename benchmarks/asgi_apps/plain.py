"""The smallest ASGI app, without a framework and without a lifespan."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastly_compute.asgi import AsgiHttpIncoming

HEADERS = [(b"content-type", b"text/plain; charset=utf-8")]


async def app(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[object]],
    send: Callable[[Mapping[str, object]], Awaitable[None]],
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"hello"})


HttpIncoming = AsgiHttpIncoming(app, lifespan="off")
