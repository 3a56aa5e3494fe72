"""Failures between this host and an origin, from the name to the body's last byte."""

import contextlib
import errno
import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport import (
    BodyFailure,
    HTTPTransport,
    OriginRequest,
    SendFailure,
)
from fastly_compute.local.transport.errors import network_failure

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_closed_port_refuses(failure):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]

    refused = failure(BackendConfig(url=f"http://127.0.0.1:{port}"))

    assert (refused.detail, refused.error) == ("connection-refused", "generic-error")
    assert (
        refused.message
        == f"connecting to 127.0.0.1:{port} failed: {os.strerror(errno.ECONNREFUSED)}"
    )


def test_an_unknown_name_is_a_dns_error(failure):
    refused = failure(BackendConfig(url="http://no-such-host.invalid"))

    assert (refused.detail, refused.error) == ("dns-error", "generic-error")
    assert refused.message.startswith("resolving no-such-host.invalid failed: ")


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (OSError(errno.ENETUNREACH, "x"), "destination-ip-unroutable"),
        (OSError(errno.EHOSTUNREACH, "x"), "destination-ip-unroutable"),
        (OSError(errno.ECONNABORTED, "x"), "connection-terminated"),
        (OSError(errno.EPIPE, "x"), "connection-terminated"),
        (OSError(errno.ETIMEDOUT, "x"), "connection-timeout"),
        (OSError(errno.EMFILE, "x"), "internal-error"),
        (OSError("x"), "internal-error"),
    ],
)
def test_a_system_error_has_a_detail(error, detail):
    assert network_failure(error, "trying").detail == detail


def test_only_an_unknown_name_is_nxdomain():
    unknown = network_failure(socket.gaierror(socket.EAI_NONAME, "x"), "resolving")
    temporary = network_failure(socket.gaierror(socket.EAI_AGAIN, "x"), "resolving")

    assert (unknown.detail, unknown.rcode) == ("dns-error", 3)
    assert (temporary.detail, temporary.rcode) == ("dns-error", None)


def test_a_target_that_does_not_accept_times_out(failure):
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())

        refused = failure(
            BackendConfig(
                url=f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout_ms=50
            ),
        )

    assert (refused.detail, refused.error) == ("connection-timeout", "generic-error")


def test_a_tls_handshake_that_hangs_times_out(serve, failure):
    server = serve(lambda peer: peer.drain())
    backend = BackendConfig(url=f"https://127.0.0.1:{server.port}", connect_timeout_ms=50)

    refused = failure(backend)

    assert refused.detail == "connection-timeout"
    assert refused.message.startswith(f"the TLS handshake with 127.0.0.1:{server.port} failed")


def test_no_response_in_time_is_a_response_timeout(serve, failure):
    server = serve(lambda peer: peer.drain())

    refused = failure(BackendConfig(url=server.url, first_byte_timeout_ms=30))

    assert (refused.detail, refused.error) == ("http-response-timeout", "generic-error")
    assert "within 30 ms" in refused.message
    assert server.first.done.wait(LONG)


def test_a_slow_head_times_out_as_a_whole(serve, failure):
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            peer.server.stopping.wait(0.02)
            peer.send(b"x")

    server = serve(script)

    refused = failure(BackendConfig(url=server.url, first_byte_timeout_ms=200))

    assert refused.detail == "http-response-timeout"


def test_an_origin_that_does_not_read_the_request_times_out(serve, failure):
    server = serve(lambda peer: peer.server.stopping.wait(LONG))
    backend = BackendConfig(url=server.url, first_byte_timeout_ms=50)

    refused = failure(backend, method="POST", body=b"x" * (32 << 20))

    assert refused.detail == "http-response-timeout"


def test_the_first_byte_timeout_starts_after_the_request(serve, origins):
    server = serve(lambda peer: (peer.until(b"0\r\n\r\n"), peer.send(OK), peer.drain()))
    pause = threading.Event()

    def body() -> Iterator[bytes]:
        yield b"a"
        pause.wait(0.3)
        yield b"b"

    response = origins.send(
        BackendConfig(url=server.url, first_byte_timeout_ms=250),
        OriginRequest(method="POST", body=body()),
    )

    assert response.status == 200


@pytest.mark.parametrize("off", [None, 0])
def test_timeouts_can_be_off(serve, origins, rest, off):
    server = serve.answering(OK)
    backend = BackendConfig(
        url=server.url,
        connect_timeout_ms=off,
        first_byte_timeout_ms=off,
        between_bytes_timeout_ms=off,
    )

    assert rest(origins.send(backend, OriginRequest())) == b"ok"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX: y\r\n", b"HTT"])
def test_a_truncated_head_is_incomplete(serve, failure, answer):
    server = serve.answering_once(answer)

    refused = failure(BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == ("http-incomplete-response", "http-incomplete")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_a_malformed_head_is_a_protocol_error(serve, failure, answer):
    server = serve.answering(answer)

    refused = failure(BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == ("http-protocol-error", "http-invalid")


@pytest.mark.parametrize("status", [b"20 OK", b"2000 OK", b"OK", b"099 Low", b"two hundred"])
def test_a_malformed_status_is_an_invalid_status(serve, failure, status):
    server = serve.answering(b"HTTP/1.1 " + status + b"\r\n\r\n")

    refused = failure(BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == (
        "http-response-status-invalid",
        "http-invalid-status",
    )


def test_an_endless_head_is_too_large(serve, failure):
    server = serve.answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (200 << 10))

    refused = failure(BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == (
        "http-response-header-section-too-large",
        "http-head-too-large",
    )


def test_a_reset_before_the_response_is_a_terminated_connection(serve, failure):
    server = serve(lambda peer: (peer.head(), peer.reset()))

    refused = failure(BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == ("connection-terminated", "generic-error")
    assert str(refused).endswith("(connection-terminated)")


@pytest.fixture
def body_failure(origins, rest):
    def body_failure(backend: BackendConfig) -> BodyFailure:
        response = origins.send(backend, OriginRequest())
        with pytest.raises(BodyFailure) as caught:
            rest(response)
        assert response.body.read_chunk() == b""
        return caught.value

    return body_failure


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ],
)
def test_a_truncated_body_is_incomplete(serve, body_failure, answer):
    server = serve.answering_once(answer)

    assert body_failure(BackendConfig(url=server.url)).error == "http-incomplete"


def test_a_broken_chunk_is_invalid(serve, body_failure):
    server = serve.answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")

    assert body_failure(BackendConfig(url=server.url)).error == "http-invalid"


def test_a_reset_in_the_body_is_an_error(serve, origins):
    read = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        assert read.wait(LONG)
        peer.reset()

    server = serve(script)
    response = origins.send(BackendConfig(url=server.url), OriginRequest())
    first = response.body.read_chunk()
    read.set()

    with pytest.raises(BodyFailure, match="connection was lost") as caught:
        response.body.read_chunk()
    assert first == b"half"
    assert caught.value.error == "generic-error"


def test_a_pause_in_the_body_times_out_for_each_wait(serve, body_failure):
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        peer.server.stopping.wait(5)
        peer.send(b"later")

    server = serve(script)

    caught = body_failure(BackendConfig(url=server.url, between_bytes_timeout_ms=30))

    assert caught.error == "generic-error"
    assert "in time" in caught.message


def test_a_peer_that_hangs_up_at_once_fails_the_send() -> None:
    def hang_up() -> None:
        for _ in range(50):
            peer, _address = server.accept()
            # A reset instead of an orderly end.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()

    details = set()
    with socket.create_server(("127.0.0.1", 0)) as server, HTTPTransport() as origins:
        thread = threading.Thread(target=hang_up)
        thread.start()
        backend = BackendConfig(url=f"http://127.0.0.1:{server.getsockname()[1]}")
        for _ in range(50):
            with pytest.raises(SendFailure) as caught:
                origins.send(backend, OriginRequest())
            details.add(caught.value.detail)
        thread.join()

    assert details <= {"connection-terminated", "http-incomplete-response"}
