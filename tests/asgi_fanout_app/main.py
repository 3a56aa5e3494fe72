"""A chat in a Starlette app: WebSockets and streams that Fanout holds."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.fanout import SSE, Grip, GripRequest, GripSignatureError, is_grip, sse
from fastly_compute.http import IncomingRequest
from fastly_compute.secret_store import Secret


class Sent(Response):
    """For a request that was answered, or handed off, through `fastly.request`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


def through_fanout(incoming: IncomingRequest) -> GripRequest | None:
    """Verify a request, or hand it off: then it comes back."""
    if is_grip(incoming):
        return Grip(key=Secret.from_bytes(b"changeme")).verify(incoming)
    incoming.handoff_fanout("self")
    return None


async def chat(request: Request) -> Response:
    incoming: IncomingRequest = request.scope["fastly.request"]
    held = through_fanout(incoming)
    if held is not None:
        socket = held.websocket()
        if socket.opening:
            socket.accept()
            socket.subscribe(request.path_params["room"])
        for message in socket.messages():
            number = int(socket.meta.get("number", "0")) + 1
            socket.meta["number"] = str(number)
            socket.send(f"{number}: {message!r}")
        incoming.respond(socket.answer())
    return Sent()


async def events(request: Request) -> Response:
    incoming: IncomingRequest = request.scope["fastly.request"]
    held = through_fanout(incoming)
    if held is not None:
        room = request.path_params["room"]
        incoming.respond(held.hold_stream(room, headers=SSE, body=sse("welcome")))
    return Sent()


async def never_called(websocket: WebSocket) -> None:
    await websocket.accept()


async def refused(request: Request, error: Exception) -> Response:
    return PlainTextResponse("this did not come through Fanout", 403)


app = Starlette(
    routes=[
        Route("/chat/{room}", chat, methods=["GET", "POST"]),
        Route("/events/{room}", events),
        WebSocketRoute("/socket", never_called),
    ],
    exception_handlers={GripSignatureError: refused},
)

HttpIncoming = AsgiHttpIncoming(app)
