"""Requests that an app leaves to a real Pushpin, and what is published through it."""

import json
import selectors
import socket
import struct
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("pushpin")

APP = Path(__file__).parent / "pushpin"
TRIES = 60


@pytest.fixture
def app(servers, host, pushpins):
    """The app on each host, with a Pushpin of its own that asks it what to do."""
    ports = pushpins.ports(host)
    served = servers.get(host, APP, "pushpin_app", "--local-pushpin-proxy-port", str(ports.proxy))
    pushpins.start(host, {"self": urlsplit(served.url).netloc})
    return served, ports


def connect(served):
    name, _, port = urlsplit(served.url).netloc.partition(":")
    return socket.create_connection((name, int(port)), timeout=30)


def publish(ports, formats):
    with closing(HTTPConnection("127.0.0.1", ports.publish, timeout=30)) as connection:
        item = {"channel": "test", "formats": formats}
        connection.request("POST", "/publish/", json.dumps({"items": [item]}))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()


def publish_until_something_arrives(client, ports, formats) -> None:
    # A message that is published before the subscription is known goes nowhere.
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        for _ in range(TRIES):
            publish(ports, formats)
            if selector.select(0.5):
                return
    raise AssertionError("nothing that was published has arrived")


def test_what_is_published_arrives_at_a_client_that_is_held(app) -> None:
    served, ports = app
    with connect(served) as client:
        client.sendall(b"POST /chat HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        answer = HTTPResponse(client)
        answer.begin()
        held = answer.readline()
        publish_until_something_arrives(client, ports, {"http-stream": {"content": "published\n"}})
        published = answer.readline()
        answer.close()

    assert (answer.status, held) == (200, b"POST hello\n")
    assert answer.getheader("grip-hold") is None
    assert published == b"published\n"


def frame(text: bytes) -> bytes:
    """A text frame as a client sends it: masked (RFC 6455, section 5.3), here with zeros."""
    return struct.pack("!BB4x", 0x81, 0x80 | len(text)) + text


def read_frame(stream) -> bytes:
    first, length = stream.read(2)
    assert first == 0x81
    return stream.read(length)


def test_a_websocket_is_spoken_over_http(app) -> None:
    served, ports = app
    with connect(served) as client, client.makefile("rb") as stream:
        client.sendall(
            b"GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        head = list(iter(stream.readline, b"\r\n"))
        client.sendall(frame(b"hello"))
        echoed = read_frame(stream)
        publish_until_something_arrives(client, ports, {"ws-message": {"content": "published"}})
        published = read_frame(stream)

    assert head[0].startswith(b"HTTP/1.1 101 ")
    assert (echoed, published) == (b"HELLO", b"published")
