"""The development server, over real sockets."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req, http_resp

from fastly_compute.local import Host, NativeApp, Server

LARGE = 1 << 20
Handle = Callable[[http_req.Request, async_io.Pollable], None]


def respond(content: bytes, status: int = 200) -> None:
    response = http_resp.Response.new()
    response.set_status(status)
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(response, body)


def echo(request, body) -> None:
    content = b""
    while part := http_body.read(body, LARGE):
        content += part
    respond(f"{request.get_method(LARGE)} {request.get_uri(LARGE)} ".encode() + content)


@contextmanager
def serving(handle: Handle, output: Callable[[str], None] = lambda line: None) -> Iterator[Server]:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    with Host(output=output) as host, Server(host, NativeApp(HttpIncoming), ("127.0.0.1", 0)) as it:
        yield it


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(server.address, timeout=20) as client:
        yield client


def everything(client: socket.socket) -> bytes:
    received = b""
    while part := client.recv(65536):
        received += part
    return received


def test_one_connection_serves_many_requests() -> None:
    with serving(echo) as server:
        client = http.client.HTTPConnection(*server.address)
        bodies = []
        for number in range(3):
            client.request("POST", f"/{number}", body=b"x" * number)
            bodies.append(client.getresponse().read().decode())
        client.close()
        port = server.address[1]

    assert bodies == [f"POST http://127.0.0.1:{port}/{n} " + "x" * n for n in range(3)]


def test_a_chunked_request_reaches_the_app_whole() -> None:
    with serving(echo) as server, connected(server) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
        received = everything(client)

    assert received.endswith(b"POST http://h/ abcde")


def test_a_client_gets_100_continue_when_the_body_is_read() -> None:
    with serving(echo) as server, connected(server) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\n\r\n"
        )
        first = client.recv(1024)
        client.sendall(b"ok")
        received = everything(client)

    assert first.startswith(b"HTTP/1.1 100 ")
    assert received.endswith(b"POST http://h/ ok")


def test_an_unread_body_does_not_break_the_next_request() -> None:
    with serving(lambda request, body: respond(b"done")) as server:
        client = http.client.HTTPConnection(*server.address)
        client.request("POST", "/", body=b"x" * 100_000)
        first = client.getresponse().read()
        client.request("GET", "/")
        second = client.getresponse().read()
        client.close()

    assert (first, second) == (b"done", b"done")


@pytest.mark.parametrize(
    "garbage",
    [
        b"not http at all\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\na b: c\r\n\r\n",
    ],
    ids=["no request line", "no host", "bad field name"],
)
def test_malformed_http_gets_a_400_and_the_server_continues(garbage: bytes) -> None:
    with serving(echo) as server:
        with connected(server) as client:
            client.sendall(garbage)
            refused = everything(client)
        with connected(server) as client:
            client.sendall(b"GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            served = everything(client)

    assert refused.startswith(b"HTTP/1.1 400 ")
    assert served.startswith(b"HTTP/1.1 200 ")


def test_a_head_that_never_ends_gets_a_431() -> None:
    with serving(echo) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n" + b"x-long: " + b"a" * 200_000)
        status = client.recv(1024)

    assert status.startswith(b"HTTP/1.1 431 ")


def test_a_response_to_http_1_0_is_not_chunked() -> None:
    def stream(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"plain")
        http_body.close(out)

    with serving(stream) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        received = everything(client)

    assert b"chunked" not in received.lower()
    assert received.endswith(b"\r\n\r\nplain")


def test_the_status_line_has_its_phrase() -> None:
    with serving(lambda request, body: respond(b"", 404)) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = everything(client)

    assert received.startswith(b"HTTP/1.1 404 Not Found\r\n")


def test_the_response_to_a_head_request_has_no_body() -> None:
    with serving(lambda request, body: respond(b"")) as server:
        client = http.client.HTTPConnection(*server.address)
        client.request("HEAD", "/")
        head = client.getresponse().read()
        client.request("GET", "/")
        following = client.getresponse().status
        client.close()

    assert (head, following) == (b"", 200)


def test_a_part_of_a_streamed_response_arrives_before_the_next_is_written() -> None:
    arrived = threading.Event()

    def stream(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"first")
        assert arrived.wait(20)
        http_body.write(out, b"second")
        http_body.close(out)

    with serving(stream) as server:
        client = http.client.HTTPConnection(*server.address, timeout=20)
        client.request("GET", "/")
        answer = client.getresponse()
        first = answer.read(5)
        arrived.set()
        rest = answer.read()
        client.close()

    assert (first, rest) == (b"first", b"second")


def test_a_truncated_response_is_seen_as_incomplete() -> None:
    def stream(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"half")
        raise LookupError("half-way")

    with serving(stream) as server:
        client = http.client.HTTPConnection(*server.address)
        client.request("GET", "/")
        answer = client.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        client.close()


def test_the_server_survives_a_client_that_disconnects() -> None:
    gone = threading.Event()
    noticed = threading.Event()

    def stream(request, body):
        if request.get_uri(LARGE).endswith("/ok"):
            respond(b"ok")
            return
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        assert gone.wait(20)
        try:
            while True:
                http_body.write(out, b"x" * 65536)
        finally:
            noticed.set()

    with serving(stream) as server:
        with connected(server) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.recv(10)
        gone.set()
        assert noticed.wait(20)
        other = http.client.HTTPConnection(*server.address)
        other.request("GET", "/ok")
        content = other.getresponse().read()
        other.close()

    assert content == b"ok"


def test_a_client_that_disconnects_in_its_body_fails_the_send() -> None:
    failures: list[str] = []
    ended = threading.Event()

    def forward(request, body):
        made = backend.register_dynamic_backend(
            "origin", f"127.0.0.1:{origin.getsockname()[1]}", backend.DynamicBackendOptions()
        )
        try:
            http_req.send(request, body, made)
        except Err as err:
            failures.append(type(err.value.error).__name__)
        finally:
            ended.set()

    with socket.create_server(("127.0.0.1", 0)) as origin, serving(forward) as server:
        with connected(server) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
        assert ended.wait(20)

    assert failures == ["Error_HttpIncomplete"]


def test_requests_run_concurrently() -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(request, body):
        both.wait()
        respond(b"met")

    with serving(meet) as server:
        clients = [http.client.HTTPConnection(*server.address, timeout=20) for _ in range(2)]
        for client in clients:
            client.request("GET", "/")
        bodies = [client.getresponse().read() for client in clients]
        for client in clients:
            client.close()

    assert bodies == [b"met", b"met"]


def test_each_request_is_logged_with_its_status_and_time() -> None:
    lines: list[str] = []
    with serving(lambda request, body: respond(b"", 404), lines.append) as server:
        client = http.client.HTTPConnection(*server.address)
        client.request("GET", "/lost?way=1")
        client.getresponse().read()
        client.close()

    assert any(line.startswith("GET /lost?... 404 in ") for line in lines)


def test_the_app_can_be_replaced_while_the_server_runs() -> None:
    class Other:
        def handle(self, request, body):
            respond(b"new")

    with serving(lambda request, body: respond(b"old")) as server:
        client = http.client.HTTPConnection(*server.address)
        client.request("GET", "/")
        before = client.getresponse().read()
        server.replace(server.host, NativeApp(Other))
        client.request("GET", "/")
        after = client.getresponse().read()
        client.close()

    assert (before, after) == (b"old", b"new")


def test_closing_ends_open_connections() -> None:
    with serving(echo) as server:
        client = socket.create_connection(server.address, timeout=20)
        client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b""
        while not received.endswith(b"GET http://h/ "):
            received += client.recv(1024)
    left = client.recv(1024)
    client.close()

    assert left == b""


def test_a_port_in_use_is_an_error() -> None:
    class HttpIncoming:
        def handle(self, request, body):
            pass

    app = NativeApp(HttpIncoming)

    with serving(echo) as server, Host() as host, pytest.raises(OSError, match="in use"):
        Server(host, app, server.address)
