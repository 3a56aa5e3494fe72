"""How connections to an origin are kept, shared, limited and closed."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport import (
    BodyFailure,
    HTTPTransport,
    OriginRequest,
)

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(("pooling", "connections"), [(True, 1), (False, 2)])
def test_a_connection_is_reused_only_with_pooling(serve, origins, rest, pooling, connections):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url, pooling=pooling)

    rest(origins.send(backend, OriginRequest()))
    rest(origins.send(replace(backend), OriginRequest()))

    assert len(server.peers) == connections


def test_different_backends_share_no_connection(serve, origins, rest):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url)

    rest(origins.send(backend, OriginRequest()))
    rest(origins.send(replace(backend, override_host="other"), OriginRequest()))

    assert len(server.peers) == 2


def test_without_pooling_a_connection_is_closed_after_its_response(serve, origins, rest):
    server = serve.answering(OK)

    rest(origins.send(BackendConfig(url=server.url, pooling=False), OriginRequest()))

    assert server.first.done.wait(LONG)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_a_response_without_a_body_need_not_be_read(serve, origins, rest, method, answer):
    server = serve.answering(answer)
    backend = BackendConfig(url=server.url)

    origins.send(backend, OriginRequest(method=method))
    response = origins.send(backend, OriginRequest(method=method))

    assert rest(response) == b""
    assert len(server.peers) == 1


def test_the_last_byte_of_a_known_length_releases_the_connection(serve, origins):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url)

    for _ in range(2):
        with origins.send(backend, OriginRequest()).body as body:
            assert body.read_chunk() == b"ok"

    assert len(server.peers) == 1


def test_an_unread_body_closes_the_connection(serve, origins, rest):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url)

    with origins.send(backend, OriginRequest()).body as body:
        pass
    rest(origins.send(backend, OriginRequest()))

    assert body.read_chunk() == b""
    assert server.first.done.wait(LONG)
    assert len(server.peers) == 2


def test_a_connection_that_the_origin_closed_is_not_used_again(serve, origins, rest):
    def script(peer):
        if peer.number == 0:
            peer.head()
            peer.send(OK)
        else:
            peer.answer(OK)

    server = serve(script)
    backend = BackendConfig(url=server.url)

    rest(origins.send(backend, OriginRequest()))
    assert server.first.done.wait(LONG)
    response = origins.send(backend, OriginRequest())

    assert rest(response) == b"ok"
    assert len(server.peers) == 2


def test_a_request_that_was_sent_is_never_sent_again(serve, origins, failure, rest):
    def script(peer):
        peer.head()
        peer.send(OK)
        peer.head()

    server = serve(script)
    backend = BackendConfig(url=server.url)
    rest(origins.send(backend, OriginRequest()))

    refused = failure(backend)

    assert refused.detail == "http-incomplete-response"
    assert len(server.peers) == 1


def test_connection_close_is_honoured(serve, origins):
    server = serve.answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    backend = BackendConfig(url=server.url)

    origins.send(backend, OriginRequest())
    origins.send(backend, OriginRequest())

    assert len(server.peers) == 2


def test_no_more_connections_are_opened_than_allowed(serve, origins, failure, rest):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url, max_connections=1)

    held = origins.send(backend, OriginRequest())
    refused = failure(backend)
    rest(held)
    response = origins.send(backend, OriginRequest())

    assert (refused.detail, refused.error) == ("connection-limit-reached", "generic-error")
    assert rest(response) == b"ok"
    assert len(server.peers) == 1


def test_a_connection_that_failed_to_open_does_not_count(failure):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    backend = BackendConfig(url=f"http://127.0.0.1:{port}", max_connections=1)

    failures = [failure(backend).detail for _ in range(2)]

    assert failures == ["connection-refused"] * 2


def test_a_connection_serves_no_more_requests_than_allowed(serve, origins, rest):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url, max_use=2)

    for _ in range(5):
        rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 3


@pytest.mark.parametrize("limit", ["max_lifetime_ms", "http_keepalive_time_ms"])
def test_an_old_connection_is_not_used_again(serve, origins, rest, limit):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url, **{limit: 1})

    rest(origins.send(backend, OriginRequest()))
    threading.Event().wait(0.01)
    rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 2


def test_threads_share_the_origins(serve, origins, rest):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url)

    with ThreadPoolExecutor(8) as threads:
        bodies = list(
            threads.map(lambda _: rest(origins.send(backend, OriginRequest())), range(64))
        )

    assert bodies == [b"ok"] * 64
    assert len(server.peers) <= 8


def test_closing_closes_idle_and_busy_connections(serve, rest):
    server = serve.answering(OK)
    backend = BackendConfig(url=server.url)
    with HTTPTransport() as origins:
        held = origins.send(backend, OriginRequest())
        rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 2
    assert all(peer.done.wait(LONG) for peer in server.peers)
    held.body.close()
    with pytest.raises(RuntimeError, match="closed"):
        origins.send(backend, OriginRequest())


def test_closing_wakes_a_reader(serve):
    reading_on = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        peer.drain()

    server = serve(script)
    origins = HTTPTransport()
    response = origins.send(
        BackendConfig(url=server.url, between_bytes_timeout_ms=LONG * 1000), OriginRequest()
    )

    def read() -> None:
        response.body.read_chunk()
        reading_on.set()
        response.body.read_chunk()

    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(read)
        assert reading_on.wait(LONG)
        # Nothing shows when a thread waits in a system call.
        threading.Event().wait(0.05)
        origins.close()

        assert isinstance(reading.exception(LONG / 2), BodyFailure)
