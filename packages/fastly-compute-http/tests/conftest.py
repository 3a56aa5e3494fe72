"""Fixtures: hosts, apps, and origins."""

import hashlib
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fastly_compute.http import service
from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    Incoming,
    NativeApp,
    RecordedResponse,
)

LONG = 30


def body_of(request: BaseHTTPRequestHandler) -> bytes:
    if "transfer-encoding" not in request.headers:
        return request.rfile.read(int(request.headers.get("content-length", 0)))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


class OriginHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Origin"

    def do_GET(self):
        body = body_of(self)
        path = self.path.partition("?")[0]
        self.server.hits[self.path] += 1
        if path == "/echo":
            self._answer(200, [("Content-Type", "application/octet-stream")], body)
        elif path == "/broken":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif path == "/garbage":
            self.wfile.write(b"nonsense\r\n\r\n")
            self.close_connection = True
        elif path == "/headers":
            fields = [("Set-Cookie", "a=1"), ("X-Latin", "caf\xe9"), ("Set-Cookie", "b=2")]
            self._answer(200, [*fields, ("X-Long", "y" * 20_000), ("X-Empty", "")], b"")
        elif path == "/together":
            # Responds only when another request waits here at the same time.
            self.server.barrier.wait(LONG)
            self._answer(200, [], self.path.encode())
        elif path == "/gate":
            self.server.gate.wait(LONG)
            self._answer(200, [], b"open")
        elif path == "/cached":
            self._answer(200, [("Cache-Control", "max-age=1000")], b"cached")
        elif path == "/304":
            self.send_response(304)
            self.end_headers()
        elif path == "/404":
            self._answer(404, [("X-From", "origin")], b"not here")
        else:
            seen = {
                "method": self.command,
                "path": self.path,
                "headers": self.headers.items(),
                "size": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            self._answer(200, [("Content-Type", "application/json")], json.dumps(seen).encode())

    do_DELETE = do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _answer(self, status, fields, body):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if "cache-control" not in {name.lower() for name, _ in fields}:
            self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


class Origin(ThreadingHTTPServer):
    """An origin that counts its requests, and whose responses tests can hold back."""

    hits: Counter[str]
    barrier: threading.Barrier
    gate: threading.Event

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # some tests do not wait for responses
            super().handle_error(request, client_address)


@pytest.fixture(scope="module")
def origin_server() -> Iterator[Origin]:
    server = Origin(("127.0.0.1", 0), OriginHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def origin(origin_server: Origin) -> Iterator[str]:
    """The URL of an origin whose gate is closed and whose barrier is for two."""
    origin_server.hits = Counter()
    origin_server.barrier = threading.Barrier(2)
    origin_server.gate = threading.Event()
    yield f"http://127.0.0.1:{origin_server.server_port}"
    origin_server.gate.set()
    origin_server.barrier.abort()


class Talk:
    """The origin's side of one connection, which a test scripts itself."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.got = b""
        self._sock: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def until(self, ending: bytes) -> bytes:
        """Read until *ending* has arrived; fails if the connection ends before."""
        if self._sock is None:
            self._sock, _ = self._listener.accept()
            self._sock.settimeout(LONG)
        while ending not in self.got:
            data = self._sock.recv(65536)
            assert data, f"the connection ended after {self.got!r}"
            self.got += data
        return self.got

    def to_the_end(self) -> bytes:
        """Read until the peer closes or resets the connection."""
        self.until(b"\r\n\r\n")
        try:
            while data := self._sock.recv(65536):
                self.got += data
        except ConnectionResetError:
            pass
        return self.got

    def answer(self, head: str, body: bytes = b"") -> None:
        text = f"HTTP/1.1 {head}\r\ncache-control: no-store\r\ncontent-length: {len(body)}\r\n\r\n"
        self._sock.sendall(text.encode() + body)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._listener.close()


@pytest.fixture
def talk(host: Host) -> Iterator[Talk]:
    """A connection to script, as the backend ``talk``."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(LONG)
    talk = Talk(listener)
    backends = {**host.config.backends, "talk": BackendConfig(url=talk.url)}
    host.config = HostConfig(backends=backends)
    host.unavailable = "allow"  # for apps that wait for its connection themselves
    yield talk
    talk.close()


@pytest.fixture
def host(origin: str) -> Iterator[Host]:
    backends = {
        "origin": BackendConfig(url=origin),
        "unreachable": BackendConfig(url="http://127.0.0.1:1"),
    }
    with Host(HostConfig(backends=backends)) as host:
        yield host


@pytest.fixture
def sandbox(host: Host) -> Iterator[None]:
    with host.guest_context():
        yield


@pytest.fixture
def ask(host: Host) -> Callable[..., RecordedResponse]:
    def ask(handler, *, reuse=None, on_error=None, **incoming) -> RecordedResponse:
        app = NativeApp(service(handler, reuse=reuse, on_error=on_error))
        return host.request(app, Incoming(**incoming))

    return ask


def of_the_guest() -> bool:
    # The host also calls its own functions. Its caller is beyond the fixture and two frames of it.
    return not sys._getframe(4).f_globals["__name__"].startswith("fastly_compute.local")


@pytest.fixture
def calls(host: Host) -> list[str]:
    """All host calls from here on, such as ``http-req.send`` or ``http-req.Request.set_uri``."""
    made: list[str] = []

    def record(label, function, args):
        if of_the_guest():
            made.append(label)
        return function(*args)

    host.interpose = record
    return made


@pytest.fixture
def instead(host: Host) -> Callable[..., None]:
    """Replace the host function of one name, as ``instead(label, function)``."""
    chosen: dict[str, Callable[..., object]] = {}

    def call(label, function, args):
        if label in chosen and of_the_guest():
            return chosen[label](function, *args)
        return function(*args)

    host.interpose = call
    return chosen.__setitem__


@pytest.fixture
def limit_writes(instead: Callable[..., None]) -> Callable[[int], None]:
    """Limit how many bytes the host takes at a time."""

    def limit(most: int) -> None:
        instead("http-body.write", lambda write, body, data: write(body, data[:most]))

    return limit
