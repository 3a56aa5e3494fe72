"""Real origins over plain HTTP, in front of a native host."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from fastly_compute.backend import policy
from fastly_compute.local import BackendConfig, Host, HostConfig


class EchoHandler(BaseHTTPRequestHandler):
    """Reports the request; the query sets the status and headers of the response."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Echo"

    def do_GET(self) -> None:
        if "transfer-encoding" in self.headers:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode("latin-1"),
        }
        self.server.seen.append(seen)
        if self.path.startswith("/together"):
            self.server.together.wait(10)
        asked = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        content = json.dumps(seen).encode()
        self.send_response(int(dict(asked).get("status", 200)))
        self.send_header("Content-Length", str(len(content)))
        if "cache-control" not in dict(asked):
            self.send_header("Cache-Control", "no-store")
        for name, value in asked:
            if name != "status":
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815
    do_OPTIONS = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


class Echo(ThreadingHTTPServer):
    """An origin: its `url`, and what it has seen."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), EchoHandler)
        self.seen: list[dict[str, object]] = []
        self.together = threading.Barrier(3)
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="session")
def new_echo() -> Iterator[Callable[[], Echo]]:
    """Starts origins."""
    running: list[tuple[Echo, threading.Thread]] = []

    def start() -> Echo:
        server = Echo()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def shared_echoes(new_echo: Callable[[], Echo]) -> tuple[Echo, Echo]:
    return new_echo(), new_echo()


@pytest.fixture
def echo(shared_echoes: tuple[Echo, Echo]) -> Echo:
    """An origin without requests so far."""
    shared_echoes[0].seen.clear()
    return shared_echoes[0]


@pytest.fixture
def elsewhere(shared_echoes: tuple[Echo, Echo]) -> Echo:
    """Another one."""
    shared_echoes[1].seen.clear()
    return shared_echoes[1]


@pytest.fixture
def host(echo: Echo) -> Iterator[Host]:
    """A host with the static backend `origin`."""
    with Host(HostConfig(backends={"origin": BackendConfig(url=echo.url)})) as host:
        yield host


@pytest.fixture
def guest(host: Host) -> Iterator[None]:
    """This thread is the guest."""
    with host.guest_context():
        yield


@pytest.fixture
def _no_policy_stays() -> Iterator[None]:
    before = policy._policy
    yield
    policy._policy = before
