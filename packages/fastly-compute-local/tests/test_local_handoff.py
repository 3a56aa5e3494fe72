"""Requests that a guest hands off to a proxy: Fanout, or a WebSocket backend."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from componentize_py_types import Err
from wit_world.imports import backend, http_body, http_req, http_resp

from fastly_compute.local import (
    BackendConfig,
    Handoff,
    Host,
    HostConfig,
    Incoming,
    NativeApp,
    RecordedResponse,
    Server,
)

LARGE = 1 << 20
LONG = 30
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-From: proxy\r\n\r\nheld"


def app(handle: Callable[[object, object], None]) -> NativeApp:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    return NativeApp(HttpIncoming)


def grip(request, _body) -> None:
    request.redirect_to_grip_proxy(backend.Backend.open("self"))


def websocket(request, _body) -> None:
    request.redirect_to_websocket_proxy(backend.Backend.open("self"))


def config(url: str = "http://127.0.0.1:1", **options) -> HostConfig:
    return HostConfig(backends={"self": BackendConfig(url=url, **options)})


@contextmanager
def serving(handle, configured: HostConfig, pushpin_port: int | None = None) -> Iterator[Server]:
    with Host(configured, output=lambda line: None) as host:
        host.pushpin_port = pushpin_port
        with Server(host, app(handle), ("127.0.0.1", 0)) as server:
            yield server


def ask(server: Server, method="GET", path="/", body=None, headers=()) -> tuple[int, bytes]:
    client = http.client.HTTPConnection(*server.address, timeout=LONG)
    client.request(method, path, body=body, headers=dict(headers))
    answer = client.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        client.close()


def head_of(seen: bytes) -> tuple[str, dict[str, str]]:
    lines = bytes(seen).partition(b"\r\n\r\n")[0].decode().split("\r\n")
    fields = [line.partition(": ") for line in lines[1:]]
    return lines[0], {name.lower(): value for name, _, value in fields}


# Without a proxy


def test_a_handoff_without_a_proxy_is_a_502_that_says_so() -> None:
    lines: list[str] = []
    with Host(config(), output=lines.append) as host:
        answer = host.request(app(grip), Incoming(uri="http://h/chat"))

    assert (answer.status, answer.complete) == (502, True)
    assert any("'self' (grip)" in line for line in lines)


def test_a_callback_can_answer_a_handoff() -> None:
    taken: list[Handoff] = []

    def take(handoff: Handoff) -> RecordedResponse:
        taken.append(handoff)
        return RecordedResponse(status=201, body=bytearray(b"instead"), complete=True)

    with Host(config(), output=lambda line: None, on_handoff=take) as host:
        in_process = host.request(app(grip), Incoming(uri="http://h/chat?x=1"))
        with Server(host, app(grip), ("127.0.0.1", 0)) as server:
            served = ask(server, path="/chat?x=1")

    assert (in_process.status, bytes(in_process.body)) == (201, b"instead")
    assert served == (201, b"instead")
    assert [(one.kind, one.backend, one.request.path_and_query) for one in taken] == [
        ("grip", "self", "/chat?x=1")
    ] * 2


def refusal(call) -> str:
    try:
        call()
    except Err as err:
        return type(err.value).__name__
    return "no error"


@pytest.mark.parametrize("handoff", [grip, websocket])
def test_a_response_and_a_handoff_exclude_each_other(handoff) -> None:
    outcomes = []

    def send():
        http_resp.send_downstream(http_resp.Response.new(), http_body.new())

    def first_handoff(request, body):
        handoff(request, body)
        outcomes.append(refusal(send))
        outcomes.append(refusal(lambda: handoff(request, body)))

    def first_answer(request, body):
        send()
        outcomes.append(refusal(lambda: handoff(request, body)))

    with Host(config(), output=lambda line: None) as host:
        host.request(app(first_handoff))
        host.request(app(first_answer))

    assert outcomes == ["Error_GenericError"] * 3


def test_a_request_without_a_path_cannot_be_handed_off() -> None:
    outcomes = []

    def handle(request, body):
        made = http_req.Request.new()
        made.set_uri("ftp://h/")
        outcomes.append(refusal(lambda: grip(made, body)))

    with Host(config(), output=lambda line: None) as host:
        host.request(app(handle))

    assert outcomes == ["Error_GenericError"]


# With a proxy


def test_a_request_goes_to_pushpin_with_the_route_of_its_backend(serve) -> None:
    pushpin = serve.answering_once(ANSWER)
    with serving(grip, config(), pushpin.port) as server:
        status, content = ask(server, "GET", "/chat?x=1", headers={"X-Mine": "yes"})
    line, fields = head_of(pushpin.first.seen)

    assert (status, content) == (200, b"held")
    assert line == "GET /chat?x=1 HTTP/1.1"
    assert (fields["pushpin-route"], fields["x-mine"]) == ("self", "yes")
    assert fields["connection"] == "close"


def test_the_guests_changes_are_forwarded_except_connection_headers(serve) -> None:
    pushpin = serve.answering_once(ANSWER)

    def handle(request, body):
        made = http_req.Request.new()
        made.set_method("GET")
        made.set_uri("http://other.example/elsewhere")
        made.insert_header("x-mine", b"changed")
        made.insert_header("upgrade", b"websocket")
        made.insert_header("host", b"other.example")
        made.insert_header("pushpin-route", b"forged")
        grip(made, body)

    with serving(handle, config(), pushpin.port) as server:
        ask(server, headers={"X-Mine": "original"})
        own = "{}:{}".format(*server.address)
    line, fields = head_of(pushpin.first.seen)

    assert line == "GET /elsewhere HTTP/1.1"
    assert fields["x-mine"] == "changed"
    assert "upgrade" not in fields
    assert fields["host"] == own
    assert bytes(pushpin.first.seen).count(b"pushpin-route: self") == 1
    assert b"forged" not in pushpin.first.seen


@pytest.mark.parametrize("chunked", [False, True])
def test_the_clients_body_is_forwarded(serve, chunked) -> None:
    def script(peer):
        peer.until(b"sent\r\n0\r\n\r\n")
        peer.send(ANSWER)

    pushpin = serve(script)
    with serving(grip, config(), pushpin.port) as server:
        status, content = ask(server, "POST", body=iter([b"sent"]) if chunked else b"sent")

    assert (status, content) == (200, b"held")


def test_the_proxys_response_streams_to_the_client(serve) -> None:
    first_is_there = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert first_is_there.wait(LONG)
        peer.send(b"6\r\nsecond\r\n0\r\n\r\n")

    pushpin = serve(script)
    with serving(grip, config(), pushpin.port) as server:
        client = http.client.HTTPConnection(*server.address, timeout=LONG)
        client.request("GET", "/")
        answer = client.getresponse()
        start = answer.read(5)
        first_is_there.set()
        rest = answer.read()
        client.close()

    assert (start, rest) == (b"first", b"second")


def test_a_client_that_disconnects_ends_the_proxys_connection(serve) -> None:
    there = threading.Event()

    def script(peer):
        peer.head()
        there.set()
        peer.drain()

    pushpin = serve(script)
    with serving(grip, config(), pushpin.port) as server:
        with socket.create_connection(server.address, timeout=LONG) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert there.wait(LONG)
        ended = pushpin.first.done.wait(LONG)

    assert ended


def test_an_unreachable_proxy_is_a_502() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with serving(grip, config(), port) as server:
        status, content = ask(server)

    assert status == 502
    assert b"cannot be handed off" in content


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: a2V5\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def echo_shouting(peer) -> None:
    peer.until(b"ahead ")
    peer.send(SWITCH + b"AHEAD ")
    while data := peer.sock.recv(4096):
        peer.send(data.upper())


@pytest.mark.parametrize(("handoff", "through_pushpin"), [(grip, True), (websocket, False)])
def test_an_upgraded_connection_works_both_ways(serve, handoff, through_pushpin) -> None:
    other = serve(echo_shouting)
    port = other.port if through_pushpin else None
    with (
        serving(handoff, config(other.url), port) as server,
        socket.create_connection(server.address, timeout=LONG) as client,
    ):
        client.sendall(UPGRADE + b"ahead ")
        received = b""
        while not received.endswith(b"AHEAD "):
            received += client.recv(4096)
        client.sendall(b"after")
        after = client.recv(4096)
    _, fields = head_of(other.first.seen)

    assert received == SWITCH + b"AHEAD "
    assert after == b"AFTER"
    assert (fields["upgrade"], fields["connection"]) == ("websocket", "upgrade")
    assert fields["sec-websocket-key"] == "a2V5"


def test_a_websocket_goes_to_the_backends_path_and_host(serve) -> None:
    other = serve(lambda peer: (peer.head(), peer.send(SWITCH), peer.drain()))
    configured = config(f"{other.url}/base", override_host="socket.example")
    with (
        serving(websocket, configured) as server,
        socket.create_connection(server.address, timeout=LONG) as client,
    ):
        client.sendall(UPGRADE)
        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
    line, fields = head_of(other.first.seen)

    assert line == "GET /base/chat HTTP/1.1"
    assert fields["host"] == "socket.example"
