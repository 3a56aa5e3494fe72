"""Hostile guests and clients of the native host, and the request after them."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req, http_resp

from fastly_compute.local import Host, NativeApp, Server

LARGE = 1 << 20
LONG = 30
MANY = 10_000


def respond(content: bytes) -> None:
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(http_resp.Response.new(), body)


def echo(_request, body) -> None:
    respond(b"".join(iter(lambda: http_body.read(body, LARGE), b"")))


def app(handle: Callable[[object, object], None]) -> NativeApp:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    return NativeApp(HttpIncoming)


@contextmanager
def serving(handle: Callable[[object, object], None] = echo) -> Iterator[Server]:
    with (
        Host(output=lambda line: None) as host,
        Server(host, app(handle), ("127.0.0.1", 0)) as server,
    ):
        yield server
        assert still_answers(server)


def connect(server: Server) -> socket.socket:
    return socket.create_connection(server.address, timeout=LONG)


def still_answers(server: Server) -> bool:
    client = http.client.HTTPConnection(*server.address, timeout=LONG)
    client.request("POST", "/", body=b"still here")
    answer = client.getresponse()
    try:
        return answer.status in {200, 500}
    finally:
        answer.read()
        client.close()


def everything(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def talk(server: Server, sent: bytes) -> bytes:
    with connect(server) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return everything(client)


# Guests


def test_handles_of_one_guest_leave_room_for_the_next() -> None:
    held = []

    def handle(request, body):
        closed = backend.register_dynamic_backend(
            "closed", "127.0.0.1:1", backend.DynamicBackendOptions()
        )
        for _ in range(MANY):
            made = http_req.Request.new()
            made.set_uri("http://example.com/")
            held.append(http_req.send_async_uncached(made, http_body.new(), closed))
        async_io.select(held[-1:])
        respond(str(len(held)).encode())

    with Host(output=lambda line: None) as host:
        first = host.request(app(handle))
        second = host.request(app(lambda request, body: respond(b"next")))

    assert (bytes(first.body), bytes(second.body)) == (b"10000", b"next")


def test_a_guest_cannot_fill_the_hosts_memory() -> None:
    outcomes = []

    def handle(request, body):
        hoard, half = http_body.new(), bytes(128 * LARGE)
        for _ in range(3):
            try:
                outcomes.append(http_body.write(hoard, half[:-LARGE]))
            except Err as err:
                outcomes.append(type(err.value).__name__)
        respond(b"small")

    with Host(output=lambda line: None) as host:
        answer = host.request(app(handle))

    assert outcomes == [127 * LARGE, 127 * LARGE, "Error_LimitExceeded"]
    assert bytes(answer.body) == b"small"


def test_a_streamed_body_is_not_held_and_has_no_limit() -> None:
    received = 0

    def handle(request, body):
        out, part = http_body.new(), bytes(16 * LARGE)
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        for _ in range(20):
            http_body.write(out, part)
        http_body.close(out)

    with serving(handle) as server, connect(server) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while part := client.recv(LARGE):
            received += len(part)

    assert received > 320 * LARGE


@pytest.mark.parametrize("size", [1, 100_000])
def test_reading_in_small_parts_is_not_slowed_by_the_rest(size) -> None:
    whole = bytes(range(256)) * 40_000
    read = []

    def handle(request, body):
        kept = http_body.new()
        http_body.write(kept, whole)
        read.append(b"".join(http_body.read(kept, size) for _ in range(10_000)))

    with Host(output=lambda line: None) as host:
        host.request(app(handle))

    assert read == [whole[: size * 10_000]]


def test_a_guest_that_recurses_too_deeply_is_a_500() -> None:
    def deeper(request, body):
        deeper(request, body)

    with serving(deeper) as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 500 ")


# Clients


def test_a_client_may_send_one_byte_at_a_time() -> None:
    request = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nslow"
    with serving() as server, connect(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            client.sendall(bytes([byte]))
        received = everything(client)

    assert received.endswith(b"\r\n\r\nslow")


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"GET / HT",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ],
    ids=["before the request", "in the head", "in the body", "in a chunk", "before the answer"],
)
def test_clients_may_disconnect_at_any_time(part) -> None:
    with serving() as server:
        for _ in range(3):
            with connect(server) as client:
                client.sendall(part)


def test_two_hundred_silent_clients_do_not_delay_others() -> None:
    with serving() as server, ExitStack() as clients:
        for _ in range(200):
            clients.enter_context(connect(server))

        assert still_answers(server)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 5_000_000, b"431"),
        (b"GET /" + b"a" * 5_000_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: h/i\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\nHost: h\r\n\r\n", b"505"),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ten\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"400"),
    ],
)
def test_an_invalid_request_is_refused_and_the_client_can_read_why(sent, status) -> None:
    with serving() as server:
        received = talk(server, sent)

    assert received.split()[1] == status


@pytest.mark.parametrize("host", [b"h", b"h:80", b"[::1]:80", b"a-b.example"])
def test_a_host_may_have_a_port_or_be_an_address(host) -> None:
    with serving() as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 ")


def test_data_after_the_announced_body_is_not_part_of_the_request() -> None:
    with serving() as server:
        received = talk(
            server, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi and more\r\n\r\n"
        )

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"\r\n\r\nhiHTTP/1.1 400 " in received


def test_reading_a_body_shorter_than_announced_fails() -> None:
    errors = []

    def handle(request, body):
        try:
            echo(request, body)
        except Err as err:
            errors.append(type(err.value).__name__)
            respond(b"")

    with serving(handle) as server:
        talk(server, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")

    assert errors == ["Error_HttpIncomplete"]
