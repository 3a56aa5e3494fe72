import contextlib
import errno
import gzip
import os
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import trustme

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.origin import (
    BodyFailure,
    OriginRequest,
    OriginResponse,
    Origins,
    SendFailure,
)
from fastly_compute.local.origin.errors import network_failure

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Raw TCP or TLS: runs a script for each connection and remembers what went wrong there."""

    def __init__(self, script: Callable[["Peer"], None], tls: ssl.SSLContext | None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.peers: list[Peer] = []
        self.stopping = threading.Event()
        self._arrived = threading.Event()
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(sock, len(self.peers), self)
            self.peers.append(peer)
            self._arrived.set()
            thread = threading.Thread(target=self._run, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _run(self, peer: "Peer") -> None:
        try:
            if self._tls is not None:
                raw = peer.sock
                peer.sock = self._tls.wrap_socket(
                    raw, server_side=True, do_handshake_on_connect=False
                )
                try:
                    peer.sock.do_handshake()
                except OSError:
                    # Closing with data unread would reset the connection and lose the alert.
                    plain = socket.socket(fileno=os.dup(peer.sock.fileno()))
                    with plain, contextlib.suppress(OSError):
                        while plain.recv(4096):
                            pass
                    return
            self._script(peer)
        except OSError:
            pass
        finally:
            peer.close()
            peer.done.set()

    @property
    def first(self) -> "Peer":
        assert self._arrived.wait(LONG)
        return self.peers[0]

    def close(self) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(LONG)
        self._listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, number: int, server: Server) -> None:
        self.sock = sock
        self.number = number
        self.server = server
        self.seen = bytearray()
        self.done = threading.Event()
        self._ahead = b""

    def head(self) -> bytes:
        """Read to the end of a request's head; b"" when the client has gone."""
        while b"\r\n\r\n" not in self._ahead:
            data = self.sock.recv(4096)
            if not data:
                return b""
            self.seen += data
            self._ahead += data
        head, _, self._ahead = self._ahead.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def until(self, ending: bytes) -> bytes:
        while ending not in self.seen:
            data = self.sock.recv(4096)
            if not data:
                break
            self.seen += data
        return bytes(self.seen)

    def drain(self) -> None:
        while data := self.sock.recv(65536):
            self.seen += data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(script: Callable[[Peer], None], tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def origins() -> Iterator[Origins]:
    with Origins() as origins:
        yield origins


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """Answer each request of a connection with the next answer, the last one again and again."""

    def script(peer: Peer) -> None:
        position = 0
        while peer.head():
            peer.send(answers[min(position, len(answers) - 1)])
            position += 1

    return script


def once(answer: bytes) -> Callable[[Peer], None]:
    """Answer one request and close the sending side."""

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(answer)
        peer.sock.shutdown(socket.SHUT_WR)
        peer.drain()

    return script


def rest(response: OriginResponse) -> bytes:
    return b"".join(iter(response.body.read_chunk, b""))


def failure(origins: Origins, backend: BackendConfig, **request: object) -> SendFailure:
    with pytest.raises(SendFailure) as caught:
        origins.send(backend, OriginRequest(**request))
    return caught.value


# What is sent


def test_nothing_is_added_to_a_request_but_host(serve, origins):
    server = serve(answering(OK))

    response = origins.send(
        BackendConfig(url=server.url),
        OriginRequest(
            path_and_query="/a?b=c", headers=[("X-Case", b"1"), ("x-case", b" \xff"[1:])]
        ),
    )

    assert rest(response) == b"ok"
    host = f"127.0.0.1:{server.port}".encode()
    assert bytes(server.first.seen) == (
        b"GET /a?b=c HTTP/1.1\r\nHost: " + host + b"\r\nX-Case: 1\r\nx-case: \xff\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("override", "header", "authority", "sent"),
    [
        ("override.example", b"header.example", "uri.example", b"override.example"),
        (None, b"header.example", "uri.example", b"header.example"),
        (None, None, "uri.example:81", b"uri.example:81"),
    ],
)
def test_the_host_header_is_the_first_of_override_header_and_uri(
    serve, origins, override, header, authority, sent
):
    server = serve(answering(OK))

    origins.send(
        BackendConfig(url=server.url, override_host=override),
        OriginRequest(authority=authority, headers=[("hOsT", header)] if header else []),
    )

    lines = bytes(server.first.seen).split(b"\r\n")
    hosts = [line.partition(b": ")[2] for line in lines if line.lower().startswith(b"host:")]
    assert hosts == [sent]


def test_the_host_header_has_the_port_only_where_it_is_not_the_default():
    assert BackendConfig(url="http://h:80").authority == "h"
    assert BackendConfig(url="https://h:443").authority == "h"
    assert BackendConfig(url="http://h:443").authority == "h:443"
    assert BackendConfig(url="http://[::1]").authority == "[::1]"


@pytest.mark.parametrize(
    ("prefix", "target", "sent"),
    [
        ("", "/x", b"GET /x "),
        ("/", "/x", b"GET /x "),
        ("/v1", "/x?q", b"GET /v1/x?q "),
        ("/v1/", "/", b"GET /v1/ "),
        ("/v1", "*", b"GET * "),
    ],
)
def test_the_path_of_the_url_is_put_in_front(serve, origins, prefix, target, sent):
    server = serve(answering(OK))

    origins.send(BackendConfig(url=server.url + prefix), OriginRequest(path_and_query=target))

    assert bytes(server.first.seen).startswith(sent)


def test_bytes_are_sent_with_their_length(serve, origins):
    server = serve(lambda peer: (peer.until(b"hello"), peer.send(OK), peer.drain()))

    origins.send(BackendConfig(url=server.url), OriginRequest(method="PUT", body=b"hello"))

    assert b"\r\nContent-Length: 5\r\n\r\nhello" in server.first.seen


def test_an_empty_body_has_a_length_where_one_is_expected(serve, origins):
    server = serve(answering(OK))

    origins.send(BackendConfig(url=server.url), OriginRequest(method="POST"))

    assert b"\r\nContent-Length: 0\r\n\r\n" in server.first.seen


def test_an_iterable_is_sent_in_chunks(serve, origins):
    server = serve(lambda peer: (peer.until(b"0\r\n\r\n"), peer.send(OK), peer.drain()))

    origins.send(
        BackendConfig(url=server.url), OriginRequest(method="POST", body=iter([b"ab", b"", b"c"]))
    )

    assert bytes(server.first.seen).endswith(
        b"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )


def test_an_iterable_with_a_length_is_sent_plain(serve, origins):
    server = serve(lambda peer: (peer.until(b"abc"), peer.send(OK), peer.drain()))

    origins.send(
        BackendConfig(url=server.url),
        OriginRequest(method="POST", headers=[("content-length", b"3")], body=iter([b"ab", b"c"])),
    )

    assert bytes(server.first.seen).endswith(b"\r\ncontent-length: 3\r\n\r\nabc")


def test_a_request_body_is_streamed(serve, origins):
    arrived = threading.Event()

    def script(peer: Peer) -> None:
        peer.until(b"first")
        arrived.set()
        peer.until(b"0\r\n\r\n")
        peer.send(OK)

    def body() -> Iterator[bytes]:
        yield b"first"
        assert arrived.wait(LONG)
        yield b"second"

    server = serve(script)

    response = origins.send(
        BackendConfig(url=server.url), OriginRequest(method="POST", body=body())
    )

    assert rest(response) == b"ok"
    assert b"second" in server.first.seen


def test_an_exception_of_the_request_body_comes_through_and_closes_the_connection(serve, origins):
    server = serve(lambda peer: peer.drain())
    error = ConnectionResetError("of the body, not of the connection")

    def body() -> Iterator[bytes]:
        yield b"first"
        raise error

    with pytest.raises(ConnectionResetError) as caught:
        origins.send(BackendConfig(url=server.url), OriginRequest(method="POST", body=body()))

    assert caught.value is error
    assert server.first.done.wait(LONG)
    assert server.first.seen.endswith(b"5\r\nfirst\r\n")


def test_an_answer_before_the_end_of_the_request_body_is_taken(serve, origins):
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    server = serve(script)

    def body() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    response = origins.send(
        BackendConfig(url=server.url), OriginRequest(method="POST", body=body())
    )

    assert response.status == 413


def test_proxies_of_the_environment_are_not_used(serve, origins, monkeypatch):
    server = serve(answering(OK))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert origins.send(BackendConfig(url=server.url), OriginRequest()).status == 200


@pytest.mark.parametrize(
    ("request_", "detail"),
    [
        ({"path_and_query": "x"}, "http-request-uri-invalid"),
        ({"path_and_query": "/a b"}, "http-request-uri-invalid"),
        ({"path_and_query": "/é"}, "http-request-uri-invalid"),
        ({"method": "G T"}, "http-protocol-error"),
        ({"method": "GÉT"}, "http-protocol-error"),
        ({"headers": [("a b", b"1")]}, "http-protocol-error"),
        ({"headers": [("a", b"1\r\nb: 2")]}, "http-protocol-error"),
        ({"headers": [("host", b"a"), ("host", b"b")]}, "http-protocol-error"),
        ({"headers": [("content-length", b"1")], "body": b"ab"}, "http-protocol-error"),
        ({"headers": [("content-length", b"3")], "body": b"ab"}, "http-protocol-error"),
        (
            {
                "headers": [("content-length", b"2"), ("transfer-encoding", b"chunked")],
                "body": b"ab",
            },
            "http-protocol-error",
        ),
    ],
)
def test_a_request_that_is_not_http_is_refused(serve, origins, request_, detail):
    server = serve(lambda peer: peer.drain())

    refused = failure(origins, BackendConfig(url=server.url), **request_)

    assert (refused.detail, refused.error) == (detail, "http-user")


def test_a_grpc_backend_is_refused(origins):
    refused = failure(origins, BackendConfig(url="http://127.0.0.1:1", grpc=True))

    assert refused.detail == "http-protocol-error"
    assert "HTTP/2 origins are not supported by the local host yet" in refused.message


# What comes back


def test_a_response_keeps_order_case_and_duplicates(serve, origins):
    server = serve(
        answering(
            b"HTTP/1.1 299 Odd\r\nX-B: 1\r\nx-a: \xe9\r\nX-B: 2\r\nContent-LENGTH: 2\r\n\r\nok"
        )
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


def test_an_http_1_0_body_ends_with_the_connection(serve, origins):
    server = serve(once(b"HTTP/1.0 200 OK\r\n\r\nto the end"))

    response = origins.send(BackendConfig(url=server.url), OriginRequest())

    assert response.http_version == "HTTP/1.0"
    assert rest(response) == b"to the end"


def test_informational_responses_are_passed_over(serve, origins):
    server = serve(answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK))

    assert origins.send(BackendConfig(url=server.url), OriginRequest()).status == 200


def test_a_response_is_neither_decompressed_nor_followed(serve, origins):
    data = gzip.compress(b"text")
    server = serve(
        answering(
            b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: %d\r\n\r\n" % len(data) + data
        )
    )

    response = origins.send(BackendConfig(url=server.url), OriginRequest())

    assert response.status == 302
    assert rest(response) == data


def test_a_response_body_is_read_as_it_comes(serve, origins):
    read = threading.Event()

    def script(peer: Peer) -> None:
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


def test_a_body_that_is_not_read_is_not_read_ahead(serve, origins):
    blocked = threading.Event()

    def script(peer: Peer) -> None:
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


# Failures


def test_a_closed_port_refuses(origins):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]

    refused = failure(origins, BackendConfig(url=f"http://127.0.0.1:{port}"))

    assert (refused.detail, refused.error) == ("connection-refused", "generic-error")
    assert (
        refused.message
        == f"connecting to 127.0.0.1:{port} failed: {os.strerror(errno.ECONNREFUSED)}"
    )


def test_a_name_that_does_not_exist_is_a_dns_error(origins):
    refused = failure(origins, BackendConfig(url="http://no-such-host.invalid"))

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


def test_only_a_name_that_is_unknown_is_nxdomain():
    unknown = network_failure(socket.gaierror(socket.EAI_NONAME, "x"), "resolving")
    temporary = network_failure(socket.gaierror(socket.EAI_AGAIN, "x"), "resolving")

    assert (unknown.detail, unknown.rcode) == ("dns-error", 3)
    assert (temporary.detail, temporary.rcode) == ("dns-error", None)


def test_a_target_that_does_not_accept_times_out(origins):
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())

        refused = failure(
            origins,
            BackendConfig(
                url=f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout_ms=50
            ),
        )

    assert (refused.detail, refused.error) == ("connection-timeout", "generic-error")


def test_a_tls_handshake_that_hangs_times_out(serve, origins):
    server = serve(lambda peer: peer.drain())
    backend = BackendConfig(url=f"https://127.0.0.1:{server.port}", connect_timeout_ms=50)

    refused = failure(origins, backend)

    assert refused.detail == "connection-timeout"
    assert refused.message.startswith(f"the TLS handshake with 127.0.0.1:{server.port} failed")


def test_no_response_in_time_is_a_response_timeout(serve, origins):
    server = serve(lambda peer: peer.drain())

    refused = failure(origins, BackendConfig(url=server.url, first_byte_timeout_ms=30))

    assert (refused.detail, refused.error) == ("http-response-timeout", "generic-error")
    assert "within 30 ms" in refused.message
    assert server.first.done.wait(LONG)


def test_a_head_that_trickles_is_late_as_a_whole(serve, origins):
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            peer.server.stopping.wait(0.02)
            peer.send(b"x")

    server = serve(script)

    refused = failure(origins, BackendConfig(url=server.url, first_byte_timeout_ms=200))

    assert refused.detail == "http-response-timeout"


def test_an_origin_that_does_not_read_the_request_is_late(serve, origins):
    server = serve(lambda peer: peer.server.stopping.wait(LONG))
    backend = BackendConfig(url=server.url, first_byte_timeout_ms=50)

    refused = failure(origins, backend, method="POST", body=b"x" * (32 << 20))

    assert refused.detail == "http-response-timeout"


def test_the_first_byte_is_not_waited_for_while_the_request_is_sent(serve, origins):
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
def test_timeouts_can_be_off(serve, origins, off):
    server = serve(answering(OK))
    backend = BackendConfig(
        url=server.url,
        connect_timeout_ms=off,
        first_byte_timeout_ms=off,
        between_bytes_timeout_ms=off,
    )

    assert rest(origins.send(backend, OriginRequest())) == b"ok"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX: y\r\n", b"HTT"])
def test_a_head_that_breaks_off_is_incomplete(serve, origins, answer):
    server = serve(once(answer))

    refused = failure(origins, BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == ("http-incomplete-response", "http-incomplete")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_a_malformed_head_is_a_protocol_error(serve, origins, answer):
    server = serve(answering(answer))

    refused = failure(origins, BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == ("http-protocol-error", "http-invalid")


def test_a_head_without_end_is_too_large(serve, origins):
    server = serve(answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (200 << 10)))

    refused = failure(origins, BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == (
        "http-response-header-section-too-large",
        "http-head-too-large",
    )


def test_a_reset_before_the_response_is_a_terminated_connection(serve, origins):
    server = serve(lambda peer: (peer.head(), peer.reset()))

    refused = failure(origins, BackendConfig(url=server.url))

    assert (refused.detail, refused.error) == ("connection-terminated", "generic-error")
    assert str(refused).endswith("(connection-terminated)")


def body_failure(origins: Origins, backend: BackendConfig) -> BodyFailure:
    response = origins.send(backend, OriginRequest())
    with pytest.raises(BodyFailure) as caught:
        rest(response)
    assert response.body.read_chunk() == b""
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ],
)
def test_a_body_that_breaks_off_is_incomplete(serve, origins, answer):
    server = serve(once(answer))

    assert body_failure(origins, BackendConfig(url=server.url)).error == "http-incomplete"


def test_a_broken_chunk_is_invalid(serve, origins):
    server = serve(answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"))

    assert body_failure(origins, BackendConfig(url=server.url)).error == "http-invalid"


def test_a_reset_in_the_body_is_an_error(serve, origins):
    read = threading.Event()

    def script(peer: Peer) -> None:
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


def test_a_pause_in_the_body_times_out_for_each_wait(serve, origins):
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        peer.server.stopping.wait(5)
        peer.send(b"later")

    server = serve(script)

    caught = body_failure(origins, BackendConfig(url=server.url, between_bytes_timeout_ms=30))

    assert caught.error == "generic-error"
    assert "in time" in caught.message


# Connections


@pytest.mark.parametrize(("pooling", "connections"), [(True, 1), (False, 2)])
def test_a_connection_is_reused_only_with_pooling(serve, origins, pooling, connections):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url, pooling=pooling)

    rest(origins.send(backend, OriginRequest()))
    rest(origins.send(replace(backend), OriginRequest()))

    assert len(server.peers) == connections


def test_different_backends_share_no_connection(serve, origins):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url)

    rest(origins.send(backend, OriginRequest()))
    rest(origins.send(replace(backend, override_host="other"), OriginRequest()))

    assert len(server.peers) == 2


def test_without_pooling_a_connection_is_closed_after_its_response(serve, origins):
    server = serve(answering(OK))

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
def test_a_response_without_a_body_needs_no_reading(serve, origins, method, answer):
    server = serve(answering(answer))
    backend = BackendConfig(url=server.url)

    origins.send(backend, OriginRequest(method=method))
    response = origins.send(backend, OriginRequest(method=method))

    assert rest(response) == b""
    assert len(server.peers) == 1


def test_the_last_byte_of_a_known_length_is_the_end(serve, origins):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url)

    for _ in range(2):
        with origins.send(backend, OriginRequest()).body as body:
            assert body.read_chunk() == b"ok"

    assert len(server.peers) == 1


def test_an_unread_body_costs_the_connection(serve, origins):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url)

    with origins.send(backend, OriginRequest()).body as body:
        pass
    rest(origins.send(backend, OriginRequest()))

    assert body.read_chunk() == b""
    assert server.first.done.wait(LONG)
    assert len(server.peers) == 2


def test_a_connection_that_the_origin_closed_is_not_used_again(serve, origins):
    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(OK)
        else:
            answering(OK)(peer)

    server = serve(script)
    backend = BackendConfig(url=server.url)

    rest(origins.send(backend, OriginRequest()))
    assert server.first.done.wait(LONG)
    response = origins.send(backend, OriginRequest())

    assert rest(response) == b"ok"
    assert len(server.peers) == 2


def test_a_request_that_was_sent_is_never_sent_again(serve, origins):
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(OK)
        peer.head()

    server = serve(script)
    backend = BackendConfig(url=server.url)
    rest(origins.send(backend, OriginRequest()))

    refused = failure(origins, backend)

    assert refused.detail == "http-incomplete-response"
    assert len(server.peers) == 1


def test_connection_close_is_honoured(serve, origins):
    server = serve(answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
    backend = BackendConfig(url=server.url)

    origins.send(backend, OriginRequest())
    origins.send(backend, OriginRequest())

    assert len(server.peers) == 2


def test_no_more_connections_are_opened_than_allowed(serve, origins):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url, max_connections=1)

    held = origins.send(backend, OriginRequest())
    refused = failure(origins, backend)
    rest(held)
    response = origins.send(backend, OriginRequest())

    assert (refused.detail, refused.error) == ("connection-limit-reached", "generic-error")
    assert rest(response) == b"ok"
    assert len(server.peers) == 1


def test_a_connection_that_failed_to_open_does_not_count(origins):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    backend = BackendConfig(url=f"http://127.0.0.1:{port}", max_connections=1)

    failures = [failure(origins, backend).detail for _ in range(2)]

    assert failures == ["connection-refused"] * 2


def test_a_connection_serves_no_more_requests_than_allowed(serve, origins):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url, max_use=2)

    for _ in range(5):
        rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 3


@pytest.mark.parametrize("limit", ["max_lifetime_ms", "http_keepalive_time_ms"])
def test_an_old_connection_is_not_used_again(serve, origins, limit):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url, **{limit: 1})

    rest(origins.send(backend, OriginRequest()))
    threading.Event().wait(0.01)
    rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 2


def test_threads_share_the_origins(serve, origins):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url)

    with ThreadPoolExecutor(8) as threads:
        bodies = list(
            threads.map(lambda _: rest(origins.send(backend, OriginRequest())), range(64))
        )

    assert bodies == [b"ok"] * 64
    assert len(server.peers) <= 8


def test_closing_closes_idle_and_busy_connections(serve):
    server = serve(answering(OK))
    backend = BackendConfig(url=server.url)
    with Origins() as origins:
        held = origins.send(backend, OriginRequest())
        rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 2
    assert all(peer.done.wait(LONG) for peer in server.peers)
    held.body.close()
    with pytest.raises(RuntimeError, match="closed"):
        origins.send(backend, OriginRequest())


def test_closing_wakes_a_reader(serve):
    reading_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        peer.drain()

    server = serve(script)
    origins = Origins()
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
        # Nothing tells that a thread waits in a system call.
        threading.Event().wait(0.05)
        origins.close()

        assert isinstance(reading.exception(LONG / 2), BodyFailure)


# TLS


CA = trustme.CA()
OTHER_CA = trustme.CA()
CA_PEM = CA.cert_pem.bytes().decode()


def tls(*names: str, ca: trustme.CA = CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


def test_a_certificate_with_the_right_name_is_accepted_and_the_name_asked_for(serve, origins):
    asked = []
    context = tls("example.org")
    context.sni_callback = lambda _sock, name, _context: asked.append(name)
    server = serve(answering(OK), context)

    response = origins.send(
        BackendConfig(
            url=server.url,
            cert_hostname="example.org",
            sni_hostname="example.org",
            ca_certificate=CA_PEM,
        ),
        OriginRequest(),
    )

    assert rest(response) == b"ok"
    assert asked == ["example.org"]


# Each pair of names on its own way through OpenSSL and our check: (certificate, wanted, SNI).
@pytest.mark.parametrize(
    ("held", "wanted", "sni"),
    [
        ("example.org", None, None),
        ("example.org", None, "sni.example"),
        ("example.org", "example.org", None),
        ("example.org", "EXAMPLE.org.", ""),
        ("example.org", "example.org", "sni.example"),
        ("*.example.org", "a.example.org", None),
        ("*.example.org", "a.example.org", "a.example.org"),
        ("127.0.0.1", "127.0.0.1", None),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "sni.example"),
        ("::1", "0:0:0:0:0:0:0:1", "sni.example"),
    ],
)
def test_name_and_sni_are_each_on_their_own(serve, origins, held, wanted, sni):
    asked = []
    context = tls(held)
    context.sni_callback = lambda _sock, name, _context: asked.append(name)
    server = serve(answering(OK), context)

    response = origins.send(
        BackendConfig(
            url=server.url, cert_hostname=wanted, sni_hostname=sni, ca_certificate=CA_PEM
        ),
        OriginRequest(),
    )

    assert rest(response) == b"ok"
    assert asked == [None if sni in {"", "127.0.0.1"} else sni]


@pytest.mark.parametrize(
    ("held", "wanted", "sni"),
    [
        ("example.org", "other.org", "other.org"),
        ("example.org", "other.org", None),
        ("example.org", "other.org", "example.org"),
        ("*.example.org", "example.org", None),
        ("*.example.org", "a.b.example.org", None),
        ("*.example.org", "a.b.example.org", "a.b.example.org"),
        ("127.0.0.1", "127.0.0.2", None),
        ("127.0.0.1", "127.0.0.2", "sni.example"),
        ("127.0.0.1", "example.org", None),
        ("example.org", "127.0.0.1", "sni.example"),
    ],
)
def test_a_wrong_name_is_refused(serve, origins, held, wanted, sni):
    server = serve(answering(OK), tls(held))
    backend = BackendConfig(
        url=server.url, cert_hostname=wanted, sni_hostname=sni, ca_certificate=CA_PEM
    )

    refused = failure(origins, backend)

    assert (refused.detail, refused.error) == ("tls-certificate-error", "generic-error")
    assert wanted in refused.message
    assert not server.first.seen


@pytest.mark.parametrize("ca", [None, OTHER_CA.cert_pem.bytes().decode()])
def test_a_certificate_of_an_unknown_authority_is_refused(serve, origins, ca):
    server = serve(answering(OK), tls("example.org"))

    refused = failure(origins, BackendConfig(url=server.url, ca_certificate=ca))

    assert refused.detail == "tls-certificate-error"
    assert "certificate" in refused.message


@pytest.mark.parametrize(
    ("ca", "accepted"), [(None, True), (OTHER_CA.cert_pem.bytes().decode(), False)]
)
def test_the_authorities_of_the_system_count_only_without_others(
    serve, origins, tmp_path, monkeypatch, ca, accepted
):
    roots = tmp_path / "roots.pem"
    roots.write_text(CA_PEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    server = serve(answering(OK), tls("example.org"))
    backend = BackendConfig(url=server.url, ca_certificate=ca)

    if accepted:
        assert origins.send(backend, OriginRequest()).status == 200
    else:
        assert failure(origins, backend).detail == "tls-certificate-error"


def test_one_of_several_authorities_is_enough(serve, origins):
    server = serve(answering(OK), tls("example.org"))
    bundle = OTHER_CA.cert_pem.bytes().decode() + CA_PEM

    response = origins.send(BackendConfig(url=server.url, ca_certificate=bundle), OriginRequest())

    assert response.status == 200


CLIENT = CA.issue_cert("client.example")


def with_client_certificate(backend: BackendConfig) -> BackendConfig:
    return replace(
        backend,
        client_certificate=CLIENT.cert_chain_pems[0].bytes().decode(),
        client_key=CLIENT.private_key_pem.bytes(),
    )


def demanding() -> ssl.SSLContext:
    context = tls("example.org")
    context.verify_mode = ssl.CERT_REQUIRED
    CA.configure_trust(context)
    return context


def test_a_client_certificate_is_shown_and_left_on_no_disk(serve, origins, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = []

    def script(peer: Peer) -> None:
        names.append(peer.sock.getpeercert()["subjectAltName"])
        answering(OK)(peer)

    server = serve(script, demanding())
    backend = with_client_certificate(BackendConfig(url=server.url, ca_certificate=CA_PEM))

    assert rest(origins.send(backend, OriginRequest())) == b"ok"
    assert names == [(("DNS", "client.example"),)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "alert"), [(ssl.TLSVersion.TLSv1_3, 116), (ssl.TLSVersion.TLSv1_2, 40)]
)
def test_a_missing_client_certificate_is_the_alert_of_the_origin(serve, origins, version, alert):
    context = demanding()
    context.maximum_version = version
    server = serve(answering(OK), context)

    refused = failure(origins, BackendConfig(url=server.url, ca_certificate=CA_PEM))

    assert (refused.detail, refused.alert_id) == ("tls-alert-received", alert)
    assert refused.error == "generic-error"


def test_a_higher_tls_version_than_the_origin_has_is_its_alert(serve, origins):
    context = tls("example.org")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = serve(answering(OK), context)

    refused = failure(
        origins, BackendConfig(url=server.url, ca_certificate=CA_PEM, tls_min_version=0x0304)
    )

    assert (refused.detail, refused.alert_id) == ("tls-alert-received", 70)


def test_the_highest_version_and_the_ciphers_are_kept_to(serve, origins):
    used = []

    def script(peer: Peer) -> None:
        used.append((peer.sock.version(), peer.sock.cipher()[0]))
        answering(OK)(peer)

    server = serve(script, tls("example.org"))
    cipher = "ECDHE-ECDSA-AES128-GCM-SHA256"

    origins.send(
        BackendConfig(
            url=server.url, ca_certificate=CA_PEM, tls_max_version=0x0303, tls_ciphers=cipher
        ),
        OriginRequest(),
    )

    assert used == [("TLSv1.2", cipher)]


def test_versions_of_old_are_tried_and_the_real_error_shows(serve, origins):
    server = serve(answering(OK), tls("example.org"))

    refused = failure(
        origins,
        BackendConfig(
            url=server.url, ca_certificate=CA_PEM, tls_min_version=0x0301, tls_max_version=0x0302
        ),
    )

    assert refused.detail in {"tls-alert-received", "tls-configuration-error", "tls-protocol-error"}


BROKEN_DER = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"tls_ciphers": "no-such-cipher"}, "the ciphers"),
        ({"ca_certificate": BROKEN_DER}, "the CA certificate"),
        (
            {
                "client_certificate": CA_PEM,
                "client_key": CLIENT.private_key_pem.bytes(),
            },
            "the client certificate and its key",
        ),
    ],
)
def test_tls_options_that_openssl_refuses_are_a_configuration_error(serve, origins, options, what):
    server = serve(answering(OK), tls("example.org"))

    refused = failure(origins, BackendConfig(url=server.url, **options))

    assert (refused.detail, refused.error) == ("tls-configuration-error", "generic-error")
    assert f"OpenSSL refuses {what} of {server.url}" in refused.message


def test_plain_http_where_tls_is_expected_is_a_tls_error(serve, origins):
    server = serve(lambda peer: (peer.send(b"HTTP/1.1 400 Bad\r\n\r\n"), peer.drain()))

    refused = failure(origins, BackendConfig(url=f"https://127.0.0.1:{server.port}"))

    assert (refused.detail, refused.error) == ("tls-protocol-error", "generic-error")


def test_a_close_in_the_handshake_is_a_terminated_connection(serve, origins):
    server = serve(lambda peer: peer.sock.recv(4096))

    refused = failure(origins, BackendConfig(url=f"https://127.0.0.1:{server.port}"))

    assert refused.detail == "connection-terminated"


def test_tls_connections_are_reused(serve, origins):
    server = serve(answering(OK), tls("example.org"))
    backend = BackendConfig(url=server.url, ca_certificate=CA_PEM)

    for _ in range(3):
        rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 1


def test_a_peer_that_hangs_up_at_once_is_a_failed_send() -> None:
    def hang_up() -> None:
        for _ in range(50):
            peer, _address = server.accept()
            # A reset in place of an orderly end.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()

    details = set()
    with socket.create_server(("127.0.0.1", 0)) as server, Origins() as origins:
        thread = threading.Thread(target=hang_up)
        thread.start()
        backend = BackendConfig(url=f"http://127.0.0.1:{server.getsockname()[1]}")
        for _ in range(50):
            with pytest.raises(SendFailure) as caught:
                origins.send(backend, OriginRequest())
            details.add(caught.value.detail)
        thread.join()

    assert details <= {"connection-terminated", "http-incomplete-response"}
