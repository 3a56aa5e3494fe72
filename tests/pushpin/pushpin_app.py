"""Leaves every request to Pushpin, and tells Pushpin, when that asks, what to do with it."""

import json

from wit_world.imports import backend, http_body, http_resp

LARGE = 1 << 20
EVENTS = b"application/websocket-events"


def content_of(body):
    content = b""
    while part := http_body.read(body, LARGE):
        content += part
    return content


def answer(content, **headers):
    response = http_resp.Response.new()
    for name, value in headers.items():
        response.append_header(name.replace("_", "-"), value)
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(response, body)


def events_of(content):
    """Read what Pushpin tells of a WebSocket: the name of each event, and what came with it."""
    while content:
        line, _, content = content.partition(b"\r\n")
        name, _, size = line.partition(b" ")
        length = int(size, 16) if size else 0
        yield name, content[:length]
        content = content[length + 2 :] if size else content


def event(name, content):
    return b"%s %x\r\n%s\r\n" % (name, len(content), content)


def converse(body):
    """Accept a WebSocket, subscribe it, and say everything back in capitals."""
    out = b""
    for name, content in events_of(content_of(body)):
        if name == b"OPEN":
            subscribe = {"type": "subscribe", "channel": "test"}
            out += b"OPEN\r\n" + event(b"TEXT", b"c:" + json.dumps(subscribe).encode())
        elif name == b"TEXT":
            out += event(b"TEXT", b"m:" + content.upper())
        else:
            out += b"CLOSE\r\n" if name == b"CLOSE" else b""
    answer(out, content_type=EVENTS, sec_websocket_extensions=b"grip")


class HttpIncoming:
    """The entry point."""

    def handle(self, request, body):
        if request.get_header_value("grip-sig", LARGE) is None:
            options = backend.DynamicBackendOptions()
            request.redirect_to_grip_proxy(
                backend.register_dynamic_backend("self", "127.0.0.1:1", options)
            )
        elif request.get_header_value("content-type", LARGE) == EVENTS:
            converse(body)
        else:
            said = f"{request.get_method(LARGE)} {content_of(body).decode()}\n".encode()
            answer(said, content_type=b"text/plain", grip_hold=b"stream", grip_channel=b"test")
