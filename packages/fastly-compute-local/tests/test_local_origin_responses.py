"""Responses from an origin: heads, and bodies as they are read."""

import contextlib
import gzip
import threading

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport import (
    OriginRequest,
)

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_response_keeps_order_case_and_duplicates(serve, origins, rest):
    server = serve.answering(
        b"HTTP/1.1 299 Odd\r\nX-B: 1\r\nx-a: \xe9\r\nX-B: 2\r\nContent-LENGTH: 2\r\n\r\nok"
    )

    response = origins.send(BackendConfig(url=server.url), OriginRequest())

    assert response.status == 299
    assert response.headers == [
        ("X-B", b"1"),
        ("x-a", b"\xe9"),
        ("X-B", b"2"),
        ("Content-LENGTH", b"2"),
    ]
    assert response.http_version == "HTTP/1.1"
    assert response.remote_addr == ("127.0.0.1", server.port)
    assert rest(response) == b"ok"
    assert response.body.read_chunk() == b""


def test_an_http_1_0_body_ends_with_the_connection(serve, origins, rest):
    server = serve.answering_once(b"HTTP/1.0 200 OK\r\n\r\nto the end")

    response = origins.send(BackendConfig(url=server.url), OriginRequest())

    assert response.http_version == "HTTP/1.0"
    assert rest(response) == b"to the end"


def test_informational_responses_are_passed_over(serve, origins):
    server = serve.answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK)

    assert origins.send(BackendConfig(url=server.url), OriginRequest()).status == 200


def test_a_response_is_neither_decompressed_nor_followed(serve, origins, rest):
    data = gzip.compress(b"text")
    server = serve.answering(
        b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Encoding: gzip\r\n"
        b"Content-Length: %d\r\n\r\n" % len(data) + data
    )

    response = origins.send(BackendConfig(url=server.url), OriginRequest())

    assert response.status == 302
    assert rest(response) == data


def test_a_response_body_is_read_as_it_arrives(serve, origins, rest):
    read = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert read.wait(LONG)
        peer.send(b"6\r\nsecond\r\n0\r\n\r\n")

    server = serve(script)

    response = origins.send(BackendConfig(url=server.url), OriginRequest())
    first = response.body.read_chunk()
    read.set()

    assert first == b"first"
    assert rest(response) == b"second"


def test_an_unread_body_is_not_read_ahead(serve, origins):
    blocked = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                peer.sock.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        blocked.set()
        peer.sock.setblocking(True)
        peer.drain()

    server = serve(script)

    response = origins.send(BackendConfig(url=server.url), OriginRequest())

    assert blocked.wait(LONG)
    response.body.close()
