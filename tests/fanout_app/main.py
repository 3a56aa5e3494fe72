"""Answers of every kind for Pushpin, as the query or a message wants them; see test_fanout_kit."""

from public_key import PUBLIC_KEY

from fastly_compute.fanout import Channel, Grip, is_grip
from fastly_compute.http import IncomingRequest, Response, ResponseSent, service

GRIP = Grip(key=PUBLIC_KEY, issuer="pushpin")
PLAIN = {"Content-Type": "text/plain"}


def handle(request: IncomingRequest) -> Response | ResponseSent:
    if not is_grip(request):
        return request.handoff_fanout("self")
    held = GRIP.verify(request)
    asked = {name: values[0] for name, values in request.query.items()}
    filters = tuple(request.query.get("filter", ()))
    channel = Channel("test", prev_id=asked.get("prev-id"), filters=filters)
    meta = {"user": asked["user"]} if "user" in asked else None
    status = int(asked.get("status", 200))
    if request.path == "/stream":
        keep_alive = bytes.fromhex(asked["keep-alive"]) if "keep-alive" in asked else None
        return held.hold_stream(
            [channel, "other"],
            status=status,
            headers=PLAIN,
            body="open\n",
            keep_alive=keep_alive,
            keep_alive_after=1,
            meta=meta,
        )
    if request.path == "/long-poll":
        return held.hold_response(
            channel, status=status, headers=PLAIN, body="nothing", timeout=5, meta=meta
        )
    socket = held.websocket()
    if asked.get("refuse"):
        return Response.text("not today", status=403)
    if socket.opening:
        socket.accept()
        socket.subscribe(Channel("test", filters=filters))
        socket.meta.update(meta or {})
    for message in socket.messages():
        word, _, rest = str(message).partition(" ")
        if word == "meta":
            socket.send(f"{socket.connection_id != ''} {sorted(socket.meta.items())}")
        elif word == "remember":
            name, _, value = rest.partition("=")
            socket.meta[name] = value
        elif word == "forget":
            del socket.meta[rest]
        elif word == "unsubscribe":
            socket.unsubscribe(rest)
        elif word == "detach":
            socket.detach()
        elif word == "close":
            socket.close(4002, "as you wish")
        elif word == "ping":
            socket.ping(b"there?")
    answer = socket.answer()
    if socket.opening and "protocol" in asked:
        answer.headers["Sec-WebSocket-Protocol"] = asked["protocol"]
    return answer


HttpIncoming = service(handle)
