"""Coroutines on every host; see tests/async_app."""

import importlib.util
import json
import runpy
import sys
import threading
from collections import defaultdict
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import fastly_compute.cli
from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.testing import inject_faults

from .conftest import OriginServer, copied

pytestmark = pytest.mark.xdist_group("async")

APP = Path(__file__).parent / "async_app"
GUEST = Path(fastly_compute.cli.__file__).parent / "component/guest"
LONG = 60


class Handler(BaseHTTPRequestHandler):
    """Answers some requests only when others have arrived, or never."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, name = self.path.partition("?")
        held = self.server.held[name]
        if path == "/eight":
            self.server.eight.wait(LONG)
        elif path == "/held":
            held["arrived"].set()
            assert held["released"].wait(LONG)
        elif path == "/arrived":
            assert held["arrived"].wait(LONG)
        elif path == "/release":
            held["released"].set()
        elif path == "/close":
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("content-length", str(len(self.path)))
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class Origin(OriginServer):
    request_queue_size = 64


@pytest.fixture(scope="module")
def server():
    server = Origin(("127.0.0.1", 0), Handler)
    server.eight = threading.Barrier(8)
    server.held = defaultdict(lambda: defaultdict(threading.Event))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def origin(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "async_app")


@pytest.fixture
def ask(app):
    def ask(path):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=LONG)) as connection:
            connection.request("GET", f"/{path}")
            answer = connection.getresponse()
            content = answer.read().decode()
        assert answer.status == 200, content
        return content

    return ask


@pytest.fixture
def name():
    return uuid4().hex[:8]


def test_eight_requests_overlap(ask) -> None:
    texts, _ = json.loads(ask("eight"))

    assert texts == [f"/eight?{i}" for i in range(8)]


def test_tasks_queues_events_and_time_limits(ask) -> None:
    assert json.loads(ask("tools")) == [0, 1, 2, "late", "slept", True, [3, 1]]


def test_a_handler_may_run_its_own_loop(ask) -> None:
    assert json.loads(ask("own_loop")) == ["/plain"] * 3


def test_exceptions_are_those_of_a_wait(ask) -> None:
    waited, awaited, *others = json.loads(ask("exceptions"))

    assert waited == awaited
    assert others == ["lamp", "this PendingResponse was already awaited"]


def test_a_cancelled_task_closes_its_request(ask, name) -> None:
    assert json.loads(ask(f"cancelled?{name}")) == [True, True]


def test_a_time_limit_closes_what_it_cuts_off(ask, name) -> None:
    assert json.loads(ask(f"timed_out?{name}")) == [True, False, "/plain"]


def test_a_task_that_is_left_over_is_cancelled_and_said(ask, app, name, server) -> None:
    assert json.loads(ask(f"leftover?{name}")) == "bye"
    try:
        assert app.says(f"task ticker-{name} (leftover.<locals>.tick) was still running")
        assert app.says(f"{name}: the request is closed: True")
    finally:
        server.held[name]["released"].set()  # not before: the task could end by itself


def test_an_async_generator_is_sent_as_it_is_produced(app, name, server) -> None:
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=LONG)) as connection:
        connection.request("GET", f"/streamed?{name}")
        answer = connection.getresponse()
        first = answer.read(4)
        server.held[name]["arrived"].set()

        assert (first, answer.read()) == (b"one ", b"two")


def test_an_async_generator_that_fails_is_aborted(app) -> None:
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=LONG)) as connection:
        connection.request("GET", "/aborted")
        # Viceroy may end the connection before it has sent the head.
        with pytest.raises((IncompleteRead, RemoteDisconnected)):
            connection.getresponse().read()

    assert app.says("LookupError: lamp")


def test_stores_and_lookups_can_be_awaited(ask) -> None:
    assert json.loads(ask("stores")) == ["7", None, ["async"], True, False, "stored"]


def test_a_thousand_requests_leave_no_handle_open(ask) -> None:
    assert json.loads(ask("thousand")) == [900, 100, 0]


def test_what_a_guest_lacks_is_refused(ask) -> None:
    below_asyncio = runpy.run_path(str(GUEST / "fastly_compute_refusals.py"))
    sockets = below_asyncio["_NO_SOCKETS"]

    assert json.loads(ask("refusals")) == [
        ["OSError", f"create_connection() is not available: {sockets}"],
        ["OSError", f"create_server() is not available: {sockets}"],
        [
            "OSError",
            "subprocess_exec() is not available: Fastly Compute has no processes and no pipes",
        ],
        ["NotImplementedError", ""],
    ]


def test_a_deadlock_ends(ask) -> None:
    assert ask("deadlock") == "deadlock"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The app in this process, once per host."""
    found = {}

    def load(host: str) -> NativeApp | WasmApp:
        if host in found:
            return found[host]
        if host == "wasm":
            folder = copied(APP, tmp_path_factory.mktemp("async") / "app")
            found[host] = WasmApp(build(Project(folder=folder, entry="async_app")).output)
        else:
            spec = importlib.util.spec_from_file_location("async_app", APP / "async_app.py")
            module = sys.modules["async_app"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found[host] = NativeApp(module.HttpIncoming)
        return found[host]

    return load


@pytest.mark.parametrize("host", ["native", "wasm"])
@pytest.mark.parametrize("error", ["generic-error", "limit-exceeded"])
def test_no_host_call_that_fails_brings_it_down(loaded, host, error) -> None:
    def scenario(compute_host, compute_client) -> None:
        compute_host.backend("origin").get("/plain", chunks=[b"one", b"two"])
        compute_host.kv["shelf"] = {"seed": b"planted"}
        compute_client.requests([compute_client.prepare("GET", "/page")])

    assert len(inject_faults(loaded(host), scenario, errors=[error]).calls) >= 12
