"""A guest's response as the client receives it, over real sockets."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req, http_resp, http_types

from fastly_compute.local import Host, Incoming, NativeApp, RecordedResponse, Server

LARGE = 1 << 20
LONG = 30
Handle = Callable[[http_req.Request, async_io.Pollable], None]


def app(handle: Handle) -> NativeApp:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    return NativeApp(HttpIncoming)


@contextmanager
def serving(handle: Handle, output: Callable[[str], None] = lambda line: None) -> Iterator[Server]:
    with Host(output=output) as host, Server(host, app(handle), ("127.0.0.1", 0)) as server:
        yield server


def answered(handle: Handle, incoming: Incoming | None = None) -> RecordedResponse:
    with Host(output=lambda line: None) as host:
        return host.request(app(handle), incoming)


def talk(server: Server, sent: bytes) -> bytes:
    """Send bytes and return all that comes back until the server closes."""
    with socket.create_connection(server.address, timeout=LONG) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def response(status=200, headers=()):
    made = http_resp.Response.new()
    made.set_status(status)
    for name, value in headers:
        made.append_header(name, value)
    return made


def of(content: bytes):
    body = http_body.new()
    http_body.write(body, content)
    return body


def hints_first(_request, _body) -> None:
    link = [("link", b"</a.css>; rel=preload")]
    http_resp.send_downstream(response(103, link), http_body.new())
    http_resp.send_downstream(response(103, link), http_body.new())
    http_resp.send_downstream(response(200), of(b"final"))


def test_early_hints_come_before_the_response() -> None:
    with serving(hints_first) as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")

    hint = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n"
    assert received.startswith(hint + hint + b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nfinal")


def test_http_1_0_gets_no_early_hints() -> None:
    with serving(hints_first) as server:
        received = talk(server, b"GET / HTTP/1.0\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_early_hints_are_recorded_with_a_response_in_process() -> None:
    answer = answered(hints_first)

    assert answer.early == [(103, [("link", b"</a.css>; rel=preload")])] * 2
    assert (answer.status, bytes(answer.body)) == (200, b"final")


def test_a_guest_that_only_sent_hints_has_not_responded() -> None:
    answer = answered(lambda q, b: http_resp.send_downstream(response(103), http_body.new()))

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"", True)


def test_streaming_may_follow_hints_on_the_same_body() -> None:
    def handle(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(response(103), out)
        http_resp.send_downstream_streaming(response(200), out)
        http_body.write(out, b"final")
        http_body.close(out)

    answer = answered(handle)

    assert (len(answer.early), bytes(answer.body), answer.complete) == (1, b"final", True)


@pytest.mark.parametrize("status", [100, 102, 199])
def test_no_other_informational_response_is_sent(status) -> None:
    caught = []

    def handle(request, body):
        for send in (http_resp.send_downstream, http_resp.send_downstream_streaming):
            try:
                send(response(status), http_body.new())
            except Err as err:
                caught.append(type(err.value).__name__)

    answered(handle)

    assert caught == ["Error_InvalidArgument"] * 2


def test_a_second_response_is_refused_however_it_is_sent() -> None:
    caught = []

    def handle(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(response(), out)
        for send, again in (
            (http_resp.send_downstream, http_body.new()),
            (http_resp.send_downstream_streaming, http_body.new()),
        ):
            try:
                send(response(), again)
            except Err as err:
                caught.append(type(err.value).__name__)
        http_body.write(out, b"only")
        http_body.close(out)

    answer = answered(handle)

    assert caught == ["Error_GenericError"] * 2
    assert (bytes(answer.body), answer.complete) == (b"only", True)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_no_body_is_sent_if_http_has_none(method, status, streaming) -> None:
    def handle(request, body):
        if streaming:
            out = http_body.new()
            http_resp.send_downstream_streaming(response(status), out)
            http_body.write(out, b"unwanted")
            http_body.close(out)
        else:
            http_resp.send_downstream(response(status), of(b"unwanted"))

    with serving(handle) as server:
        client = http.client.HTTPConnection(*server.address, timeout=LONG)
        received = []
        for _ in range(2):
            client.request(method, "/")
            answer = client.getresponse()
            received.append((answer.status, answer.read()))
        client.close()

    assert received == [(status, b"")] * 2


def test_whitespace_around_a_value_is_removed() -> None:
    with serving(
        lambda q, b: http_resp.send_downstream(response(200, [("x-a", b" a ")]), of(b""))
    ) as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")

    assert b"\r\nx-a: a\r\n" in received


def test_a_response_longer_than_announced_is_truncated() -> None:
    lines: list[str] = []

    def handle(request, body):
        made = response(200, [("content-length", b"4")])
        made.set_framing_headers_mode(http_types.FramingHeadersMode.MANUALLY_FROM_HEADERS)
        http_resp.send_downstream(made, of(b"longer than that"))

    with serving(handle, lines.append) as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")

    assert b"than" not in received
    assert any("not valid HTTP" in line for line in lines)


def test_a_held_request_body_is_separate_from_the_next_request(tmp_path) -> None:
    held: list[async_io.Pollable] = []
    answered_first, read_again = threading.Event(), threading.Event()
    outcomes = []

    def handle(request, body):
        if request.get_uri(LARGE).endswith("/first"):
            out = http_body.new()
            http_resp.send_downstream_streaming(response(), out)
            http_body.write(out, b"one")
            body.is_ready()
            http_body.close(out)
            answered_first.set()
            assert read_again.wait(LONG)
            try:
                outcomes.append(http_body.read(body, LARGE))
                outcomes.append(http_body.read(body, LARGE))
            except Err as err:
                outcomes.append(type(err.value).__name__)
        else:
            http_resp.send_downstream(response(), of(b"two"))

    with serving(handle) as server:
        client = http.client.HTTPConnection(*server.address, timeout=LONG)
        client.putrequest("POST", "/first")
        client.putheader("Content-Length", "4")
        client.endheaders()
        first = client.getresponse()
        start = first.read()
        client.send(b"body")
        read_again.set()
        client.request("GET", "/second")
        second = client.getresponse().read()
        client.close()
    held.clear()

    assert (start, second) == (b"one", b"two")
    assert b"".join(part for part in outcomes if isinstance(part, bytes)) in {b"body", b""}


def test_a_guest_continues_while_a_large_response_is_sent() -> None:
    content = b"x" * (32 << 20)
    gone_on = threading.Event()

    def handle(request, body):
        http_resp.send_downstream(response(), of(content))
        gone_on.set()

    with serving(handle) as server:
        client = http.client.HTTPConnection(*server.address, timeout=LONG)
        client.request("GET", "/")
        assert gone_on.wait(LONG)
        received = client.getresponse().read()
        client.close()

    assert received == content


def test_a_body_passes_through_to_the_client_while_it_arrives(serve) -> None:
    first_is_there = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert first_is_there.wait(LONG)
        peer.send(b"6\r\nsecond\r\n0\r\n\r\n")
        peer.drain()

    origin = serve(script)

    def handle(request, body):
        target = backend.register_dynamic_backend(
            "origin", f"127.0.0.1:{origin.port}", backend.DynamicBackendOptions()
        )
        asked = http_req.Request.new()
        asked.set_uri("http://example.com/")
        http_resp.send_downstream(*http_req.send_uncached(asked, http_body.new(), target))

    with serving(handle) as server:
        client = http.client.HTTPConnection(*server.address, timeout=LONG)
        client.request("GET", "/")
        answer = client.getresponse()
        start = answer.read(5)
        first_is_there.set()
        rest = answer.read()
        client.close()

    assert (start, rest) == (b"first", b"second")


def test_a_client_that_disconnects_during_a_forwarded_body_ends_the_origins_connection(
    serve,
) -> None:
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            peer.send(b"x" * 65536)

    origin = serve(script)

    def handle(request, body):
        target = backend.register_dynamic_backend(
            "origin", f"127.0.0.1:{origin.port}", backend.DynamicBackendOptions()
        )
        asked = http_req.Request.new()
        asked.set_uri("http://example.com/")
        http_resp.send_downstream(*http_req.send_uncached(asked, http_body.new(), target))

    with serving(handle) as server:
        with socket.create_connection(server.address, timeout=LONG) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.recv(65536)
        left = origin.first.done.wait(LONG)

    assert left


def test_an_app_that_ends_its_interpreter_is_a_500() -> None:
    def handle(request, body):
        raise SystemExit(3)

    with serving(handle) as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 500 ")


def test_a_base_exception_is_logged_and_the_client_gets_a_500() -> None:
    class Interrupted(BaseException):
        pass

    lines: list[str] = []

    def handle(request, body):
        raise Interrupted

    with serving(handle, lines.append) as server:
        received = talk(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 500 ")
    assert any("Interrupted" in line for line in lines)
