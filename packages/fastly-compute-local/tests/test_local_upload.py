"""Requests whose body is written while they are sent."""

import threading
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req

from fastly_compute.local import Host, NativeApp, Trap

LARGE = 1 << 20
LONG = 30
LONG_MS = LONG * 1000
OK = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nok"
END = b"\r\n0\r\n\r\n"


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(output=lambda line: None) as host:
        yield host


def begin(server, start: bytes = b"", send=http_req.send_async_streaming):
    """Start sending a request to a server."""
    target = backend.register_dynamic_backend(
        "origin", f"127.0.0.1:{server.port}", backend.DynamicBackendOptions()
    )
    request, body = http_req.Request.new(), http_body.new()
    request.set_method("PUT")
    request.set_uri("http://example.com/")
    http_body.write(body, start)
    return send(request, body, target), body


def write_on(body) -> None:
    while True:
        http_body.write(body, b"x" * 65536)


def status(pending) -> int:
    return http_req.await_response(pending)[0].get_status()


def to_the_end(peer) -> None:
    peer.until(END)
    peer.send(OK)
    peer.drain()


class Half:
    """A script for an origin that waits for half of a body and then for the rest."""

    def __init__(self) -> None:
        self.arrived = threading.Event()

    def __call__(self, peer) -> None:
        peer.until(b"half")
        self.arrived.set()
        peer.drain()


@pytest.mark.parametrize(
    "send", [http_req.send_async_streaming, http_req.send_async_uncached_streaming]
)
def test_each_part_arrives_as_it_is_written(host, serve, send) -> None:
    arrived = {part: threading.Event() for part in (b"zero", b"one", b"two")}

    def script(peer):
        for part, event in arrived.items():
            peer.until(part)
            event.set()
        to_the_end(peer)

    server = serve(script)
    with host.guest_context():
        pending, body = begin(server, b"zero", send)
        assert arrived[b"zero"].wait(LONG)
        for part in (b"one", b"two"):
            http_body.write(body, part)
            assert arrived[part].wait(LONG)
        http_body.close(body)
        assert status(pending) == 200

    assert server.first.seen.endswith(b"4\r\nzero\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_another_body_can_be_appended_to_it(host, serve) -> None:
    server = serve(to_the_end)
    source = serve.answering(OK[:-2] + b"XX")
    with host.guest_context():
        other = backend.register_dynamic_backend(
            "source", f"127.0.0.1:{source.port}", backend.DynamicBackendOptions()
        )
        request = http_req.Request.new()
        request.set_uri("http://example.com/")
        _, content = http_req.send(request, http_body.new(), other)
        pending, body = begin(server)
        http_body.append(body, content)
        http_body.close(body)
        assert status(pending) == 200

    assert b"XX" in server.first.seen


def test_a_writer_that_is_too_fast_waits(host, serve) -> None:
    read_on = threading.Event()

    def script(peer):
        peer.head()
        assert read_on.wait(LONG)
        to_the_end(peer)

    server = serve(script)
    written = 0
    with host.guest_context():
        pending, body = begin(server)
        while async_io.select_with_timeout([body], 200) == 0:
            written += http_body.write(body, b"x" * 262_144)
            assert written < 1 << 28, "nothing holds the writer back"
        full = body.is_ready()
        read_on.set()
        ready = async_io.select_with_timeout([body], LONG_MS)
        http_body.close(body)
        assert status(pending) == 200

    assert (full, ready) == (False, 0)
    assert server.first.seen.count(b"x") >= written


def test_dropping_the_body_aborts_the_request(host, serve) -> None:
    half = Half()
    server = serve(half)
    with host.guest_context():
        pending, body = begin(server, b"half")
        with body:
            assert half.arrived.wait(LONG)
        with pytest.raises(Err) as caught:
            http_req.await_response(pending)
        assert server.first.done.wait(LONG)

    assert type(caught.value.value.error).__name__ == "Error_HttpIncomplete"
    assert END not in server.first.seen


def test_a_guest_that_ends_within_the_body_aborts_the_request(host, serve) -> None:
    half = Half()
    server = serve(half)

    class HttpIncoming:
        def handle(self, request, body):
            begin(server, b"half")
            assert half.arrived.wait(LONG)

    answer = host.request(NativeApp(HttpIncoming))

    assert answer.status == 200
    assert server.first.done.wait(LONG)
    assert END not in server.first.seen


def test_an_origin_that_disconnects_fails_the_write_and_the_await(host, serve) -> None:
    server = serve(lambda peer: (peer.head(), peer.reset()))
    with host.guest_context():
        pending, body = begin(server)
        with pytest.raises(Err) as written:
            write_on(body)
        with pytest.raises(Err) as awaited:
            http_req.await_response(pending)

    assert type(written.value.value).__name__ == "Error_GenericError"
    # A reset is seen by the write or by the read that follows it.
    error = type(awaited.value.value.error).__name__
    assert error in {"Error_GenericError", "Error_HttpIncomplete"}


def test_a_waiting_writer_fails_when_the_origin_disconnects(host, serve) -> None:
    full = threading.Event()

    def script(peer):
        peer.head()
        assert full.wait(LONG)
        peer.reset()

    server = serve(script)
    with host.guest_context():
        _pending, body = begin(server)
        while async_io.select_with_timeout([body], 200) == 0:
            http_body.write(body, b"x" * 262_144)
        full.set()
        with pytest.raises(Err) as caught:
            write_on(body)

    assert type(caught.value.value).__name__ == "Error_GenericError"


def test_writing_to_a_request_that_cannot_be_sent_fails(host) -> None:
    with host.guest_context():
        target = backend.register_dynamic_backend(
            "closed", "127.0.0.1:1", backend.DynamicBackendOptions()
        )
        request, body = http_req.Request.new(), http_body.new()
        request.set_uri("http://example.com/")
        pending = http_req.send_async_uncached_streaming(request, body, target)
        async_io.select([pending])
        with pytest.raises(Err) as caught:
            http_body.write(body, b"x")

    assert type(caught.value.value).__name__ == "Error_GenericError"


def test_a_body_being_sent_cannot_be_read_or_sent_again(host, serve) -> None:
    server = serve(to_the_end)
    with host.guest_context():
        pending, body = begin(server)
        with pytest.raises(Trap, match="can only be written"):
            http_body.read(body, 1)
        with pytest.raises(Trap, match="can only be written"):
            http_body.append(http_body.new(), body)
        with pytest.raises(Err) as caught:
            http_body.write_front(body, b"x")
        known = http_body.get_known_length(body)
        http_body.close(body)
        assert status(pending) == 200

    assert type(caught.value.value).__name__ == "Error_Unsupported"
    assert known is None


def test_a_host_can_be_closed_after_a_guest_left_a_request_unfinished(serve) -> None:
    server = serve(lambda peer: peer.drain())
    closed = threading.Event()

    def run():
        with Host(output=lambda line: None) as host, host.guest_context():
            begin(server, b"half")
        closed.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    assert closed.wait(LONG)
    thread.join()
