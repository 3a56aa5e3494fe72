"""A real origin over plain HTTP and TLS, in front of a native host."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
import trustme

from fastly_compute.backend import allow_dynamic_backends
from fastly_compute.local import BackendConfig, Host, HostConfig
from fastly_compute.urllib3 import (
    extract_from_http_client,
    extract_from_urllib3,
    inject_into_http_client,
    inject_into_urllib3,
)


class Handler(BaseHTTPRequestHandler):
    """Reports the request as JSON; the query sets the status and headers of the response."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Origin"

    def do_GET(self) -> None:
        body = self._body()
        target = urlsplit(self.path)
        asked = dict(parse_qsl(target.query, keep_blank_values=True))
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": [[name, value] for name, value in self.headers.items()],
            "body": body.decode("latin-1"),
        }
        self.server.seen.append(seen)
        content = json.dumps(seen).encode()
        way = getattr(self, "do_" + target.path.strip("/").replace("-", "_"), None)
        if way is not None:
            way(content)
            return
        self.send_response(int(asked.pop("status", 200)))
        for name, value in asked.items():
            self.send_header(name, value)
        if self.command == "HEAD":
            content = b""
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_OPTIONS = do_PATCH = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if "transfer-encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_chunked(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Set-Cookie", "a=1; Path=/")
        self.send_header("Set-Cookie", "b=2; Path=/")
        self.end_headers()
        for piece in (b"one ", b"two ", b"three"):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def do_short(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"short")
        self.close_connection = True

    def do_short_chunks(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nshort\r\n")
        self.close_connection = True

    def do_until_close(self, content: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"until the end")
        self.close_connection = True

    def do_none(self, content: bytes) -> None:
        self.close_connection = True

    def do_reset(self, content: bytes) -> None:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True

    def do_late(self, content: bytes) -> None:
        self.server.over.wait(30)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


class Origin(ThreadingHTTPServer):
    """An origin: its `url`, and what it has seen."""

    daemon_threads = False

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, object]] = []
        self.over = threading.Event()
        scheme = "http"
        if context is not None:
            scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[Origin]:
    with Origin(context) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def _origin() -> Iterator[Origin]:
    with running() as server:
        yield server


@pytest.fixture
def origin(_origin: Origin) -> Origin:
    """An origin without requests so far."""
    _origin.seen.clear()
    return _origin


@pytest.fixture(scope="module")
def secure() -> Iterator[SimpleNamespace]:
    """An origin over TLS that takes client certificates, and the PEM of its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "inner.example").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    client = authority.issue_cert("client.example")
    with running(context) as server:
        yield SimpleNamespace(
            url=server.url,
            seen=server.seen,
            authority=authority.cert_pem.bytes().decode(),
            certificate=b"".join(pem.bytes() for pem in client.cert_chain_pems).decode(),
            key=client.private_key_pem.bytes(),
        )


@pytest.fixture
def host(origin: Origin) -> Iterator[Host]:
    """A host with the static backend `origin`; this thread is its guest."""
    with (
        Host(HostConfig(backends={"origin": BackendConfig(url=origin.url)})) as host,
        host.guest_context(),
    ):
        yield host
    allow_dynamic_backends()


@pytest.fixture
def injected(host: Host) -> Iterator[None]:
    """urllib3 sends its requests through the host."""
    inject_into_urllib3()
    yield
    extract_from_urllib3()


@pytest.fixture
def injected_http_client(host: Host) -> Iterator[None]:
    """`http.client` sends its requests through the host."""
    inject_into_http_client()
    yield
    extract_from_http_client()
