"""Real origins over plain HTTP, in front of a native host."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from fastly_compute.backend import policy
from fastly_compute.local import BackendConfig, Host, HostConfig


class Handler(BaseHTTPRequestHandler):
    """Responds with what it was sent, or as its path says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Origin"

    def handle_any(self) -> None:
        body = self._body()
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode("latin-1"),
        }
        self.server.seen.append(seen)
        target = urlsplit(self.path)
        respond = getattr(self, f"respond_{target.path.strip('/').replace('-', '_')}", None)
        if respond is None:
            asked = parse_qsl(target.query, keep_blank_values=True)
            self.send(json.dumps(seen).encode(), *asked)
        else:
            respond()

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815
    do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815

    def _body(self) -> bytes:
        if "transfer-encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):  # fails if the request is aborted
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def send(self, body: bytes, *headers: tuple[str, str], length: int | None = None) -> None:
        status = int(dict(headers).get("status", 200))
        self.send_response(status)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            if name != "status":
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def respond_together(self) -> None:
        self.server.together.wait(30)
        self.send(b"together")

    def respond_gzip(self) -> None:
        self.send(gzip.compress(b"unpacked"), ("Content-Encoding", "gzip"))

    def respond_loop(self) -> None:
        self.send(b"", ("status", "302"), ("Location", "/loop"))

    def respond_truncated(self) -> None:
        self.send(b"half", length=8)

    def respond_truncated_chunks(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        self.close_connection = True

    def respond_closed(self) -> None:
        self.close_connection = True

    def respond_garbage(self) -> None:
        self.wfile.write(b"this is not HTTP\r\n\r\n")
        self.close_connection = True

    def respond_never(self) -> None:
        self.server.over.wait()
        self.close_connection = True

    def respond_stalled(self) -> None:
        self.send(b"half", length=8)
        self.wfile.flush()
        self.server.over.wait()

    def respond_large(self) -> None:
        self.send(b"0123456789" * 100_000)

    def log_message(self, *args: object) -> None:
        pass


class Origin(ThreadingHTTPServer):
    """An origin: its `url`, and what it has seen."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, object]] = []
        self.together = threading.Barrier(3)
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that is gone


@pytest.fixture(scope="session")
def new_origin() -> Iterator[Callable[[], Origin]]:
    """Starts origins."""
    running: list[tuple[Origin, threading.Thread]] = []

    def start() -> Origin:
        server = Origin()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def shared_origins(new_origin: Callable[[], Origin]) -> tuple[Origin, Origin]:
    return new_origin(), new_origin()


@pytest.fixture
def origin(shared_origins: tuple[Origin, Origin]) -> Origin:
    """An origin without requests so far."""
    shared_origins[0].seen.clear()
    return shared_origins[0]


@pytest.fixture
def elsewhere(shared_origins: tuple[Origin, Origin]) -> Origin:
    """Another one."""
    shared_origins[1].seen.clear()
    return shared_origins[1]


@pytest.fixture
def host(origin: Origin) -> Iterator[Host]:
    """A host with the static backend `origin`."""
    config = HostConfig(backends={"origin": BackendConfig(url=origin.url)})
    with Host(config, output=lambda line: None) as host:
        yield host


@pytest.fixture
def sandbox(host: Host) -> Iterator[object]:
    """This thread is the guest."""
    with host.guest_context() as sandbox:
        yield sandbox


@pytest.fixture
def _policy() -> Iterator[None]:
    """The policy on dynamic backends is the process's: each test has its own."""
    before, policy._policy = policy._policy, policy._Policy()
    yield
    policy._policy = before
