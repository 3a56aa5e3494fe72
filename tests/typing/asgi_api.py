"""The types of fastly_compute.asgi, as its users see them; checked by mypy."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, assert_type

from fastly_compute.asgi import AsgiHttpIncoming, warm_up
from fastly_compute.http import IncomingRequest, Response, Reuse


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"hello"})


def sorry(request: IncomingRequest, error: Exception) -> Response:
    return Response.text(str(error), status=503)


def asgi() -> None:
    assert_type(AsgiHttpIncoming(app), AsgiHttpIncoming)
    AsgiHttpIncoming(app, lifespan="on", reuse=Reuse(max_requests=100), on_error=sorry)
    AsgiHttpIncoming(lambda environ: [b"hello"])  # type: ignore[arg-type, return-value]
    AsgiHttpIncoming(app, lifespan="yes")  # type: ignore[arg-type]
    AsgiHttpIncoming(app, reuse=True)  # type: ignore[arg-type]
    warm_up(app, "/", "/nowhere", lifespan="on")
    warm_up(app, b"/")  # type: ignore[arg-type]
