"""Fanout as a type checker sees it: checked against the installed wheels, never run."""

from typing import assert_type

from fastly_compute.fanout import (
    SSE,
    Channel,
    Grip,
    GripRequest,
    Item,
    Publisher,
    WebSocket,
    WebSocketEvent,
    decode_events,
    encode_events,
    is_grip,
    sse,
)
from fastly_compute.http import IncomingRequest, Response, ResponseSent, service
from fastly_compute.secret_store import Secret


def handle(request: IncomingRequest) -> Response | ResponseSent:
    assert_type(is_grip(request), bool)
    if not is_grip(request):
        return request.handoff_fanout("self")
    held = Grip().verify(request)
    assert_type(held, GripRequest)
    socket = held.websocket()
    assert_type(socket, WebSocket)
    assert_type(socket.messages(), list[str | bytes])
    socket.subscribe(["a", Channel("b", filters=("skip-self",))])
    socket.send(7)  # type: ignore[arg-type]
    if socket.opening:
        return socket.answer()
    return held.hold_stream("news", headers=SSE, body=sse("a"), keep_alive=b"\n")


HttpIncoming = service(handle)


def publish(secret: Secret) -> None:
    item = Item(channel="a", ws_message=b"x", http_response=Response.text("x"))
    Publisher(url="https://api.example", token=secret).publish(item, item)
    Publisher(url="https://api.example", token="t")  # type: ignore[arg-type]
    Grip(key=secret, issuer="pushpin")
    assert_type(encode_events(decode_events(b"")), bytes)
    WebSocketEvent("open")  # type: ignore[arg-type]
    Item(ws_message="x")  # type: ignore[call-arg]
