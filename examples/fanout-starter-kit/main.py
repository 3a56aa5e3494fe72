"""Fanout at the edge: endpoints to try it with, and everything else by way of it to the origin."""

from fastly_compute.fanout import (
    SSE,
    Grip,
    GripRequest,
    GripSignatureError,
    InvalidWebSocketEvents,
    is_grip,
    sse,
)
from fastly_compute.http import IncomingRequest, Response, ResponseSent, service
from fastly_compute.secret_store import SecretStore, SecretStoreNotFound

CHANNEL = "test"
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


def grip() -> Grip:
    """Trust Fastly's Fanout; on your machine, the Pushpin whose key is in a secret store."""
    try:
        return Grip(key=SecretStore.open("fanout")["pushpin"])
    except SecretStoreNotFound:
        return Grip()


def websocket(held: GripRequest) -> Response:
    socket = held.websocket()
    if socket.opening:
        socket.accept()
        socket.subscribe(CHANNEL)
    for message in socket.messages():
        socket.send(message)
    return socket.answer()


def stream(held: GripRequest) -> Response:
    return held.hold_stream(CHANNEL, headers=PLAIN, body="[stream open]\n", keep_alive=b"\n")


def events(held: GripRequest) -> Response:
    return held.hold_stream(CHANNEL, headers=SSE, body=sse("[stream open]"), keep_alive=b":\n\n")


def long_poll(held: GripRequest) -> Response:
    return held.hold_response(CHANNEL, headers=PLAIN, body="nothing was published\n", timeout=30)


TESTS = {
    "/test/websocket": websocket,
    "/test/stream": stream,
    "/test/sse": events,
    "/test/long-poll": long_poll,
}


def is_for_tests(request: IncomingRequest) -> bool:
    name = request.host.partition(":")[0].lower()
    return request.path in TESTS and (
        name.endswith(".edgecompute.app") or name in {"127.0.0.1", "localhost"}
    )


def handle(request: IncomingRequest) -> Response | ResponseSent:
    if not is_for_tests(request):
        return request.handoff_fanout("origin")
    if not is_grip(request):
        return request.handoff_fanout("self")  # from where it comes back, signed
    try:
        return TESTS[request.path](grip().verify(request))
    except GripSignatureError as error:
        print(f"{request.path}: {error}")
        return Response.text("this did not come through Fanout\n", status=403)
    except InvalidWebSocketEvents as error:
        return Response.text(f"{error}\n", status=400)


HttpIncoming = service(handle)
