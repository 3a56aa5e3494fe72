"""A real origin, and apps served by the real command on each of the three hosts."""

import contextlib
import gzip
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fastly_compute.backend import policy
from fastly_compute.cli.commands.build import build
from fastly_compute.cli.commands.viceroy import find_viceroy
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.local.runtime.sandbox import Sandbox

HERE = Path(__file__).parent
ROOT = HERE.parent
HOSTS = ("native", "wasm", "viceroy")
PLACEHOLDER = "http://127.0.0.1:9090"
# A list is a file, which Viceroy looks for in the working directory only.
ACLS = f'\n[local_server.acls]\nvisitors = "{ROOT / "tests" / "parity" / "acl.json"}"\n'
# The build of a component and Viceroy's compilation of it, on a busy machine.
PATIENCE = 180
# Its component is tested on each Python: the command that builds and serves it runs on the user's.
ON_EACH_PYTHON = "test_edge_proxy.py"
# Its tests run in a sandbox: see test_asgi_conformance.py.
collect_ignore = ["asgi_conformance"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what runs in a component: to build and compile one takes 30 s of processor time.

    The guest's Python is the same, whichever runs the tests.
    """
    for item in items:
        hosts = getattr(item, "callspec", None)
        in_guest = hosts is not None and "wasm" in hosts.params.values()
        if in_guest and item.path.is_relative_to(HERE) and item.path.name != ON_EACH_PYTHON:
            item.add_marker(pytest.mark.slow)


class OriginHandler(BaseHTTPRequestHandler):
    """Answers with what it was asked, as JSON."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self._body()
        if self.path.startswith("/status/"):
            self._send(int(self.path.rpartition("/")[2]), b"as you wish")
        elif self.path.startswith("/zeros/"):
            self._send_zeros(int(self.path.rpartition("/")[2]))
        elif self.path == "/held":
            self._send(200, b"", ("grip-hold", "stream"), ("grip-channel", "ready"))
        elif self.path == "/mirror":
            self._send(200, body)
        elif self.path == "/html":
            self._send(200, b"<img src=a>", ("content-type", "text/html"))
        elif self.path == "/truncated":
            self._send(200, b"half", ("content-length", "8"))
            self.close_connection = True
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

    def _body(self) -> bytes | bytearray:
        if "transfer-encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send_zeros(self, size: int) -> None:
        self.send_response(200)
        self.send_header("cache-control", "no-store")
        self.send_header("content-length", str(size))
        self.end_headers()
        zeros = bytes(1 << 20)
        for start in range(0, size, len(zeros)):
            self.wfile.write(zeros[: size - start])

    def _send(self, status: int, body: bytes | bytearray, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        length = {"x-origin": "yes", "content-length": str(len(body))}
        for name, value in (length | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class OriginServer(ThreadingHTTPServer):
    """Takes it as it comes that a client leaves in the middle."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The URL of a real origin."""
    server = OriginServer(("127.0.0.1", 0), OriginHandler)
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

    def says(self, *parts: str, times: int = 1) -> str:
        """Wait for a line with all of these in it, or for so many of them, and return the last."""

        def found() -> list[str]:
            return [line for line in self.lines if all(part in line for part in parts)]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= times or self._ended, PATIENCE)
            lines = found()
            assert len(lines) >= times, f"no line with {parts} in:\n" + "\n".join(self.lines)
            return lines[times - 1]

    def wait(self) -> None:
        self.url = "http://" + self.says("Serving", "http://").partition("http://")[2].split()[0]


def copied(app: Path, copy: Path) -> Path:
    """Copy an app's folder, so that nothing is left in it."""
    return shutil.copytree(app, copy, ignore=shutil.ignore_patterns("bin", "pkg", "__pycache__"))


class Servers:
    """Starts each app once on each host, when it is first wanted."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._origin = origin
        self._running: dict[tuple[str, ...], tuple[Served, threading.Thread]] = {}

    def get(
        self,
        host: str,
        app: Path,
        entry: str,
        *options: str,
        manifest: Path = ROOT / "viceroy.toml",
    ) -> Served:
        key = (host, str(app), *options)
        if key not in self._running:
            copy = self.copy(host, app)
            config = copy / "viceroy.toml"
            text = manifest.read_text()
            assert PLACEHOLDER in text
            config.write_text(text.replace(PLACEHOLDER, self._origin) + ACLS)
            command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--entry", entry]
            command += ["--runtime", host, "--addr", "127.0.0.1:0", "-C", str(config), *options]
            if host == "native":
                command.append("--strict")
            self.run(key, host, command, copy)
        return self._running[key][0]

    def copy(self, host: str, app: Path) -> Path:
        return copied(app, self._folder / f"{len(self._running)}-{host}-{app.name}")

    def run(self, key: tuple[str, ...], host: str, command: list[str], folder: Path) -> Served:
        """Run a command that serves an app until the tests are over."""
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        served = Served(host, process)
        thread = threading.Thread(target=served.follow)
        thread.start()
        self._running[key] = served, thread
        served.wait()
        return served

    def stop(self) -> None:
        for served, thread in self._running.values():
            served.process.send_signal(signal.SIGINT)
            served.process.wait(PATIENCE)
            thread.join()
            assert served.process.stdout is not None
            served.process.stdout.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, origin: str) -> Iterator[Servers]:
    """The apps that are being served; not for longer: an idle Viceroy takes a sixth of a core."""
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


class Example(NativeApp):
    """An example in this process, which has one policy on dynamic backends for all of them.

    Args:
        incoming: The entry point.
        own: The policy that the example has set.
    """

    def __init__(self, incoming: object, own: object) -> None:
        super().__init__(incoming)
        self._policy = own

    def run(self, sandbox: Sandbox) -> None:
        before, policy._policy = policy._policy, self._policy
        try:
            super().run(sandbox)
        finally:
            policy._policy = before


class Examples:
    """Loads each example once: natively, or as a component."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[tuple[str, str], NativeApp | WasmApp] = {}

    def get(self, host: str, name: str) -> NativeApp | WasmApp:
        if (host, name) not in self._loaded:
            load = self._component if host == "wasm" else self._module
            self._loaded[host, name] = load(name)
        return self._loaded[host, name]

    def _component(self, name: str) -> WasmApp:
        folder = copied(ROOT / "examples" / name, self._folder / name)
        return WasmApp(build(Project(folder=folder)).output)

    def _module(self, name: str) -> NativeApp:
        folder = ROOT / "examples" / name
        main = f"{name.replace('-', '_')}_main"
        spec = importlib.util.spec_from_file_location(main, folder / "main.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[main] = importlib.util.module_from_spec(spec)
        sys.path.insert(0, str(folder))
        before = policy._policy
        try:
            spec.loader.exec_module(module)
            return Example(module.HttpIncoming, policy._policy)
        finally:
            policy._policy = before
            sys.path.remove(str(folder))


@pytest.fixture(autouse=True)
def _own_policy() -> Iterator[None]:
    """Gives each test the policy on dynamic backends that was there before: it is the process's."""
    before = policy._policy
    yield
    policy._policy = before


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies an app's folder for a test, and gives the copy's."""
    return lambda app: copied(app, tmp_path / app.name)


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """The examples as apps that this process runs."""
    return Examples(tmp_path_factory.mktemp("examples"))


PUSHPIN = """
[global]
include=/usr/lib/pushpin/internal.conf
rundir={folder}
ipc_prefix=test-

[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:{proxy}
logdir={folder}
log_level=2
client_buffer_size=8192
client_maxconn=1000

[proxy]
routesfile=routes
accept_pushpin_route=true
sig_iss=pushpin
sig_key=changeme
zurl_out_specs=ipc://{folder}/test-zurl-in
zurl_out_stream_specs=ipc://{folder}/test-zurl-in-stream
zurl_in_specs=ipc://{folder}/test-zurl-out

[handler]
push_in_spec=ipc://{folder}/test-push-in
push_in_sub_specs=ipc://{folder}/test-push-in-sub
push_in_http_addr=127.0.0.1
push_in_http_port={publish}
command_spec=ipc://{folder}/test-command
stats_spec=ipc://{folder}/test-stats
message_rate=2500
message_hwm=25000
"""


@dataclass(frozen=True)
class PushpinPorts:
    """Where a Pushpin takes requests, and what is to be published."""

    proxy: int
    publish: int


class Pushpins:
    """Starts a Pushpin for each name, on ports that are known before."""

    def __init__(self, executable: str, origin: str) -> None:
        self._executable = executable
        self._origin = urlsplit(origin).netloc
        self._ports: dict[str, PushpinPorts] = {}
        self._running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}

    def ports(self, name: str) -> PushpinPorts:
        if name not in self._ports:
            free = ("127.0.0.1", 0)
            with socket.create_server(free) as proxy, socket.create_server(free) as publish:
                self._ports[name] = PushpinPorts(proxy.getsockname()[1], publish.getsockname()[1])
        return self._ports[name]

    def start(self, name: str, routes: dict[str, str]) -> None:
        """Start it, if it does not run, with the address that each route leads to."""
        if name in self._running:
            return
        ports = self.ports(name)
        # Not pytest's folder: the path of a socket has to be short.
        folder = Path(tempfile.mkdtemp(prefix="pushpin-"))
        found = {**routes, "ready": self._origin}
        # Two lines with the same host would be one.
        lines = [f"{route}.invalid,id={route} {to},over_http\n" for route, to in found.items()]
        (folder / "routes").write_text("".join(lines))
        (folder / "pushpin.conf").write_text(
            PUSHPIN.format(folder=folder, proxy=ports.proxy, publish=ports.publish)
        )
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [self._executable, f"--config={folder / 'pushpin.conf'}"],
                stdout=output,
                stderr=output,
            )
        self._running[name] = process, folder
        end = time.monotonic() + PATIENCE
        while not self._is_ready(ports):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
            if time.monotonic() > end or process.poll() is not None:
                pytest.fail(f"Pushpin is not ready:\n{(folder / 'output').read_text()}")

    def _is_ready(self, ports: PushpinPorts) -> bool:
        """Tell whether it holds a request: it takes them before it can."""
        try:
            socket.create_connection(("127.0.0.1", ports.publish), timeout=1).close()
            with contextlib.closing(HTTPConnection("127.0.0.1", ports.proxy, timeout=5)) as client:
                client.request("GET", "/held", headers={"Pushpin-Route": "ready"})
                return client.getresponse().status == 200
        except (OSError, HTTPException):
            return False

    def stop(self) -> None:
        for process, folder in self._running.values():
            process.terminate()
            process.wait(PATIENCE)
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def pushpin() -> str:
    """The path of Pushpin; in CI it must be installed, elsewhere it may be missing."""
    executable = shutil.which("pushpin")
    if executable is None:
        missing = "Pushpin is not installed: run `apt-get install pushpin`"
        why = os.environ.get("WITHOUT_PUSHPIN")
        if os.environ.get("CI") == "true" and why is None:
            pytest.fail(missing)
        pytest.skip(why or missing)
    return executable


@pytest.fixture(scope="session")
def pushpins(pushpin: str, origin: str) -> Iterator[Pushpins]:
    """Real Pushpins."""
    running = Pushpins(pushpin, origin)
    yield running
    running.stop()
