"""A real origin, and apps served by the real command on each of the three hosts."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fastly_compute.cli.viceroy import find_viceroy

ROOT = Path(__file__).parent.parent
HOSTS = ("native", "wasm", "viceroy")
PLACEHOLDER = "http://127.0.0.1:9090"
# A list is a file, which Viceroy looks for in the working directory only.
ACLS = f'\n[local_server.acls]\nvisitors = "{ROOT / "tests" / "parity" / "acl.json"}"\n'
# The build of a component and Viceroy's compilation of it, on a busy machine.
PATIENCE = 180


class OriginHandler(BaseHTTPRequestHandler):
    """Answers with what it was asked, as JSON."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/status/"):
            self._send(int(self.path.rpartition("/")[2]), b"as you wish")
        elif self.path == "/gzip":
            self._send(200, gzip.compress(b"unzipped"), ("content-encoding", "gzip"))
        else:
            seen = {
                "method": self.command,
                "path": self.path,
                "headers": [[name.lower(), value] for name, value in self.headers.items()],
                "body": body.decode(),
            }
            self._send(200, json.dumps(seen).encode(), ("content-type", "application/json"))

    do_POST = do_PUT = do_DELETE = do_GET

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1234")
        self.end_headers()

    def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("x-origin", "yes"), ("content-length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The URL of a real origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), OriginHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Served:
    """An app that is being served.

    Attributes:
        host: On which host.
        url: Where.
        lines: What the host has said so far.
    """

    host: str
    process: "subprocess.Popen[str]"
    url: str = ""
    lines: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False

    def follow(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def says(self, *parts: str) -> str:
        """Wait for a line with all of these in it."""

        def found() -> list[str]:
            return [line for line in self.lines if all(part in line for part in parts)]

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, PATIENCE)
            assert found(), f"no line with {parts} in:\n" + "\n".join(self.lines)
            return found()[0]

    def wait(self) -> None:
        self.url = "http://" + self.says("Serving", "http://").partition("http://")[2].split()[0]


class Servers:
    """Starts each app once on each host, when it is first wanted."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._origin = origin
        self._running: dict[tuple[str, str], tuple[Served, threading.Thread]] = {}

    def get(self, host: str, app: Path, entry: str) -> Served:
        key = host, str(app)
        if key not in self._running:
            self._running[key] = self._start(host, app, entry)
            self._running[key][0].wait()
        return self._running[key][0]

    def _start(self, host: str, app: Path, entry: str) -> tuple[Served, threading.Thread]:
        copy = self._folder / f"{host}-{app.name}"
        shutil.copytree(app, copy, ignore=shutil.ignore_patterns("bin", "pkg", "__pycache__"))
        config = copy / "viceroy.toml"
        text = (ROOT / "viceroy.toml").read_text()
        assert PLACEHOLDER in text
        config.write_text(text.replace(PLACEHOLDER, self._origin) + ACLS)
        command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--entry", entry]
        process = subprocess.Popen(
            [*command, "--host", host, "--addr", "127.0.0.1:0", "-C", str(config)],
            cwd=copy,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        served = Served(host, process)
        thread = threading.Thread(target=served.follow)
        thread.start()
        return served, thread

    def stop(self) -> None:
        for served, thread in self._running.values():
            served.process.send_signal(signal.SIGINT)
            served.process.wait(PATIENCE)
            thread.join()
            assert served.process.stdout is not None
            served.process.stdout.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, origin: str) -> Iterator[Servers]:
    """The apps that are being served."""
    running = Servers(tmp_path_factory.mktemp("served"), origin)
    yield running
    running.stop()


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest) -> str:
    """The name of a host; Viceroy must be there in CI, and may be missing elsewhere."""
    name: str = request.param
    if name == "viceroy" and find_viceroy() is None:
        missing = "Viceroy is not installed: run `hatch run viceroy:install`"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return name
