"""examples/starlette-app and quart-app on every host, with an origin that decides who waits."""

import functools
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("starlette", reason="hatch test installs what the examples are made of")
pytest.importorskip("quart", reason="hatch test installs what the examples are made of")

pytestmark = pytest.mark.xdist_group("asgi-examples")

EXAMPLES = Path(__file__).parent.parent / "examples"
PLACEHOLDER = "http://127.0.0.1:9090"
PATIENCE = 60
PARTS = {
    "news": ["all is well"],
    "weather": {"celsius": 7},
    "stocks": {"up": True},
    "prices": 3.5,
    "stock": 12,
    "reviews": [5, 4],
    "orders": {"number": 7},
    "statistics": None,
}


class Origin(ThreadingHTTPServer):
    """All backends of the examples, told apart by the name that a request is for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OriginHandler)
        self.together = threading.Barrier(1)
        self.held: dict[str, threading.Event] = {}
        self.seen: dict[str, threading.Event] = {}

    def reset(self, together: int = 1, held: str = "") -> None:
        """Let so many requests wait for each other, and those of a backend for `release`."""
        self.together = threading.Barrier(together)
        self.held = {held: threading.Event()} if held else {}
        self.seen = {name: threading.Event() for name in PARTS}

    def release(self) -> None:
        for event in self.held.values():
            event.set()


class OriginHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Origin

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.headers["Host"].partition(".")[0]
        self.server.seen[name].set()
        self.server.together.wait(PATIENCE)
        if self.path == "/all":
            self.lines(name)
            return
        self.wait(name)
        content = json.dumps(PARTS[name]).encode()
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def lines(self, name) -> None:
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"d\r\nlamp 3.50\nbed\r\n")
        self.wait(name)
        self.wfile.write(b"4\r\n 99\n\r\n0\r\n\r\n")

    def wait(self, name) -> None:
        if name in self.server.held:
            assert self.server.held[name].wait(PATIENCE)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def backends() -> Iterator[Origin]:
    with Origin() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def started(servers, backends):
    """Starts each example once on each host."""

    @functools.cache
    def started(host, name):
        folder = servers.copy(host, EXAMPLES / name)
        config = folder / "fastly.toml"
        url = f"http://127.0.0.1:{backends.server_port}"
        config.write_text(config.read_text().replace(PLACEHOLDER, url))
        command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--runtime", host]
        return servers.run((host, name), host, [*command, "--addr", "127.0.0.1:0"], folder)

    return started


@pytest.fixture
def app(started, host):
    return lambda name: started(host, name)


@contextmanager
def asking(app, path, method="GET", body=None) -> Iterator[HTTPResponse]:
    headers = {"Content-Type": "application/json"} if body else {}
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as connection:
        connection.request(method, path, body, headers)
        yield connection.getresponse()


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("starlette-app", "/", {name: PARTS[name] for name in ("news", "weather", "stocks")}),
        (
            "quart-app",
            "/products/7",
            {"currency": "EUR", "price": 3.5, "stock": 12, "reviews": [5, 4]},
        ),
    ],
)
def test_backends_are_asked_at_once(app, backends, name, path, expected) -> None:
    served = app(name)
    backends.reset(together=3)
    with asking(served, path) as answer:
        assert json.load(answer) == expected


def test_a_section_is_streamed_before_the_others_are_there(app, backends) -> None:
    served = app("starlette-app")
    backends.reset(held="stocks")
    with asking(served, "/stream") as answer:
        first = [json.loads(answer.readline()) for _ in range(2)]
        backends.release()
        last = json.loads(answer.readline())

        assert sorted(first) == [["news", PARTS["news"]], ["weather", PARTS["weather"]]]
        assert (last, answer.read()) == (["stocks", PARTS["stocks"]], b"")


def test_a_line_is_streamed_before_the_next_is_there(app, backends) -> None:
    served = app("quart-app")
    backends.reset(held="prices")
    with asking(served, "/prices") as answer:
        first = answer.readline()
        backends.release()

        assert (first, answer.read()) == (b"lamp 3.50 EUR\n", b"bed 99 EUR\n")


@pytest.mark.parametrize(
    ("name", "path", "body", "expected"),
    [
        ("starlette-app", "/orders", b'{"product": "lamp", "count": 2}', {"number": 7}),
        ("quart-app", "/reviews/7", b"5", {"taken": True}),
    ],
)
def test_the_client_does_not_wait_for_work_after_the_response(
    app, backends, name, path, body, expected
) -> None:
    served = app(name)
    backends.reset(held="statistics")
    with asking(served, path, "POST", body) as answer:
        assert (answer.status, json.load(answer)) == (201, expected)
        assert backends.seen["statistics"].wait(PATIENCE)
        backends.release()
