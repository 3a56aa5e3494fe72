"""The smallest Starlette app, with its lifespan and a synchronous endpoint."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fastly_compute.asgi import AsgiHttpIncoming, warm_up


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def inline(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


app = Starlette(routes=[Route("/", hello), Route("/inline", inline)])
warm_up(app, "/", "/inline", lifespan="on")
HttpIncoming = AsgiHttpIncoming(app)
