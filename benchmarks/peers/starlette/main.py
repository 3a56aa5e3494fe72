"""The smallest Starlette app, a new sandbox for each request."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fastly_compute.asgi import AsgiHttpIncoming, warm_up


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


app = Starlette(routes=[Route("/", hello)])
warm_up(app, "/", lifespan="on")
HttpIncoming = AsgiHttpIncoming(app)
