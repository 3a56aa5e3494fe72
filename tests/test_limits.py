"""The bound on sandboxes with a real app, on both hosts of this process."""

import dataclasses
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from fastly_compute.local import (
    BackendConfig,
    Host,
    Limits,
    NativeApp,
    Sandbox,
    Server,
    WasmApp,
    load,
)

pytestmark = pytest.mark.xdist_group("edge-proxy")

MANIFEST = Path(__file__).parent.parent / "examples/edge-proxy/fastly.toml"


@pytest.fixture(params=["native", "wasm"])
def app(examples, request) -> NativeApp | WasmApp:
    return examples.get(request.param, "edge-proxy")


class Counted:
    """An app, and the most sandboxes that it had at once."""

    def __init__(self, app: NativeApp | WasmApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._alive = 0
        self.most = 0

    def run(self, sandbox: Sandbox) -> None:
        with self._lock:
            self._alive += 1
            self.most = max(self.most, self._alive)
        try:
            self._app.run(sandbox)
        finally:
            with self._lock:
                self._alive -= 1


@contextmanager
def serving(app: Counted, limits: Limits) -> Iterator[Server]:
    """Serve the app, whose backend is its own server."""
    with (
        Host(output=lambda line: None) as host,
        Server(host, app, ("127.0.0.1", 0), limits=limits) as server,
    ):
        own = {"origin": BackendConfig(url=server.url)}
        host.config = dataclasses.replace(load(MANIFEST), backends=own)
        yield server


def status_of(server: Server, path: str) -> int:
    connection = HTTPConnection(*server.address, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_many_requests_are_served_by_few_sandboxes(app) -> None:
    counted = Counted(app)
    with (
        serving(counted, Limits(sandboxes=2)) as server,
        ThreadPoolExecutor(16) as clients,
    ):
        statuses = list(clients.map(lambda _: status_of(server, "/"), range(32)))

    assert statuses == [200] * 32
    assert 1 <= counted.most <= 2


def test_every_sandbox_may_ask_its_own_server(app) -> None:
    counted = Counted(app)
    with (
        serving(counted, Limits(sandboxes=2)) as server,
        ThreadPoolExecutor(8) as clients,
    ):
        statuses = list(clients.map(lambda _: status_of(server, "/origin/"), range(8)))

    assert statuses == [200] * 8
    assert 2 <= counted.most <= 4


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_an_upload_whose_client_has_gone_frees_its_sandbox(app, reset: bool) -> None:
    with serving(Counted(app), Limits(sandboxes=1)) as server:
        upload = socket.create_connection(server.address, timeout=60)
        upload.sendall(
            b"PUT /origin/ HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        # The app reads: what follows leaves it in the middle.
        assert upload.recv(1024).startswith(b"HTTP/1.1 100 ")
        upload.sendall(b"begun")
        if reset:
            upload.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        upload.close()

        assert status_of(server, "/") == 200
