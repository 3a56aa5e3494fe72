"""Streamed bodies: over real sockets, from files, and from backends."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from wsgiref.validate import validator

import pytest

from fastly_compute.http import Body, Request
from fastly_compute.local import BackendConfig, Host, HostConfig, NativeApp, Server
from fastly_compute.wsgi import WsgiHttpIncoming

PLAIN = [("Content-Type", "application/octet-stream")]
LONG = 30


@contextmanager
def connected(app, output=lambda line: None) -> Iterator[socket.socket]:
    with (
        Host(output=output) as host,
        Server(host, NativeApp(WsgiHttpIncoming(app)), ("127.0.0.1", 0)) as server,
        socket.create_connection(server.address, timeout=LONG) as client,
    ):
        yield client


def received_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        part = client.recv(65536)
        assert part, f"{received!r} ended before {end!r}"
        received += part
    return received


GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def test_the_client_gets_each_part_before_the_next_is_made() -> None:
    arrived = threading.Event()

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        yield b"first"
        assert arrived.wait(LONG)
        yield b"second"

    with connected(validator(app)) as client:
        client.sendall(GET)
        received_until(client, b"first")
        arrived.set()
        rest = received_until(client, b"0\r\n\r\n")

    assert b"second" in rest


def test_the_client_gets_written_data_before_the_next_write() -> None:
    arrived = threading.Event()

    def app(environ, start_response):
        write = start_response("200 OK", list(PLAIN))
        write(b"first")
        assert arrived.wait(LONG)
        write(b"second")
        return []

    with connected(validator(app)) as client:
        client.sendall(GET)
        received_until(client, b"first")
        arrived.set()
        rest = received_until(client, b"0\r\n\r\n")

    assert b"second" in rest


def test_the_client_gets_the_response_before_close_has_finished() -> None:
    arrived = threading.Event()
    ended = threading.Event()

    class Result(list[bytes]):
        def close(self) -> None:
            assert arrived.wait(LONG)
            ended.set()

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return Result([b"whole"])

    with connected(app) as client:
        client.sendall(GET)
        received_until(client, b"whole")
        arrived.set()
        assert ended.wait(LONG)


def test_the_result_is_closed_when_the_client_has_gone(capsys) -> None:
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 65536

        def close(self) -> None:
            closed.set()

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return Endless()

    with connected(validator(app)) as client:
        client.sendall(GET)
        received_until(client, b"xxxx")
        client.close()
        assert closed.wait(LONG)


def test_an_upload_is_sent_back_while_it_arrives() -> None:
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return iter(environ["wsgi.input"].readline, b"")

    with connected(validator(app)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for word in (b"one\n", b"two\n", b"three\n"):
            client.sendall(b"%x\r\n%b\r\n" % (len(word), word))
            received_until(client, word)
        client.sendall(b"0\r\n\r\n")
        received_until(client, b"0\r\n\r\n")


# Files


class File(io.BytesIO):
    """A file that records how it was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.append(-1 if size is None else size)
        return super().read(size)


@pytest.mark.parametrize("arguments", [(), (8192,), (1,)])
def test_a_file_is_read_in_large_pieces_and_closed(ask, arguments) -> None:
    file = File(b"x" * 200_000)

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return environ["wsgi.file_wrapper"](file, *arguments)

    asked = ask(app)

    assert (asked.body, asked.complete) == (b"x" * 200_000, True)
    assert set(file.asked) == {65536}
    assert file.closed
    assert asked.calls.count("http-body.write") == 4


def test_a_file_may_lack_close(ask) -> None:
    class Bare:
        def __init__(self) -> None:
            self.pieces = [b"a", b"b", b""]

        def read(self, size: int, /) -> bytes:
            return self.pieces.pop(0)

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return environ["wsgi.file_wrapper"](Bare())

    assert ask(app).body == b"ab"


# Bodies of backends


class OriginHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        content = b"from the origin " * 10_000
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content))
        else:
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OriginHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def relay(host, ask, origin):
    host.config = HostConfig(backends={"origin": BackendConfig(url=origin)})

    def relay(make, path="/", **incoming):
        def app(environ, start_response):
            body = Request("GET", f"{origin}{path}").send("origin").body
            write = start_response("200 OK", [*PLAIN, ("X-Relayed", "yes")])
            return make(environ, body, write)

        return ask(app, valid=False, **incoming)

    return relay


CONTENT = b"from the origin " * 10_000


@pytest.mark.parametrize("path", ["/", "/chunked"])
@pytest.mark.parametrize(
    "make",
    [
        lambda environ, body, write: body,
        lambda environ, body, write: environ["wsgi.file_wrapper"](body),
    ],
    ids=["the body", "wrapped"],
)
def test_a_backends_body_is_passed_on_unread(relay, make, path) -> None:
    asked = relay(make, path)

    assert (asked.body, asked.complete) == (CONTENT, True)
    assert asked.headers("x-relayed") == ["yes"]
    assert "http-body.read" not in asked.calls
    assert "http-body.write" not in asked.calls


def test_a_backends_body_has_the_length_that_the_host_knows(relay) -> None:
    asked = relay(lambda environ, body, write: body)

    assert asked.headers("content-length") == [str(len(CONTENT))]


def test_the_part_that_was_read_is_sent_first(relay) -> None:
    def make(environ, body, write):
        assert body.read(5) == b"from "
        return body

    assert relay(make).body == CONTENT[5:]


def test_a_backends_body_follows_written_data(relay) -> None:
    def make(environ, body, write):
        write(b"first, ")
        return body

    asked = relay(make)

    assert (asked.body, asked.complete) == (b"first, " + CONTENT, True)
    assert "http-body.read" not in asked.calls


def test_head_does_not_send_a_backends_body(relay) -> None:
    asked = relay(lambda environ, body, write: body, method="HEAD")

    assert (asked.body, asked.complete) == (b"", True)
    assert "http-body.read" not in asked.calls


def test_a_backends_body_can_be_sent_through_any_iterable(relay) -> None:
    assert relay(lambda environ, body, write: body.iter_bytes()).body == CONTENT


def test_a_body_in_memory_can_be_returned(ask) -> None:
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return Body("text")

    asked = ask(app, valid=False)

    assert asked.body == b"text"
    assert asked.headers("content-length") == ["4"]


def test_the_clients_own_body_is_sent_back_unread(ask) -> None:
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return environ["fastly.request"].body

    asked = ask(app, valid=False, method="POST", body=b"echo" * 1000)

    assert asked.body == b"echo" * 1000
    assert "http-body.read" not in asked.calls
