"""Loads `fastly-compute serve` over many connections: `hatch run benchmarks:load`.

Another checkout's Python, given as an argument, is measured beside this one, in turns.
"""

import argparse
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.origin import run_origin
from benchmarks.serving import Running, serving

APP = Path(__file__).parent.parent / "examples/edge-proxy"
CONNECTIONS = (1, 8, 64)
REQUESTS = 400
ROUNDS = 3
ORIGIN_SECONDS = 0.1
PATHS = {"a page": "/", "an origin that takes 0.1 s": "/origin/"}


class Load(NamedTuple):
    """What a number of requests took.

    Attributes:
        rate: Requests per second.
        median: Milliseconds of one request.
        late: Milliseconds that one request in a hundred takes longer than.
        cpu: Milliseconds of the server's time on a core, per request.
    """

    rate: float
    median: float
    late: float
    cpu: float


class _Client:
    """One connection, with a request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent = 0.0

    def ask(self, request: bytes) -> None:
        self._received = b""
        self._sent = time.perf_counter()
        self.socket.sendall(request)

    def answered(self) -> float | None:
        """Read what is there; return the seconds since the request when the answer is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise SystemExit("the server closed the connection")
        self._received += part
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        whole = body.endswith(b"0\r\n\r\n") if length is None else len(body) >= int(length[1])
        if not (found and whole):
            return None
        if not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"wrong answer: {head!r}")
        return time.perf_counter() - self._sent


def load(running: Running, path: str, connections: int, count: int) -> Load:
    """Send requests over some connections, on each the next one after the answer."""
    address = urlsplit(running.url)
    request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    clients = [_Client((address.hostname or "", address.port or 80)) for _ in range(connections)]
    times: list[float] = []
    worked = _cpu_seconds(running.process)
    started = time.perf_counter()
    left = count
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.ask(request)
            left -= 1
        while len(times) < count:
            for key, _ in selector.select():
                seconds = key.data.answered()
                if seconds is None:
                    continue
                times.append(seconds)
                if left:
                    key.data.ask(request)
                    left -= 1
    elapsed = time.perf_counter() - started
    worked = _cpu_seconds(running.process) - worked
    for client in clients:
        client.socket.close()
    times.sort()
    late = times[len(times) * 99 // 100]
    per_request = worked / len(times) * 1000
    return Load(len(times) / elapsed, statistics.median(times) * 1000, late * 1000, per_request)


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _most_megabytes(process: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) // 1024 if found else 0


def respond(_: str) -> tuple[bytes, dict[str, str]]:
    """Take time, and return little."""
    time.sleep(ORIGIN_SECONDS)
    return b"ok", {}


def measure(python: str, folder: Path, path: str) -> dict[int, tuple[Load, int]]:
    """Start a server of its own, and load it over more and more connections."""
    found: dict[int, tuple[Load, int]] = {}
    with serving("wasm", folder, "bin/main.wasm", python=python) as running:
        load(running, path, 1, 50)
        for connections in CONNECTIONS:
            loaded = load(running, path, connections, REQUESTS)
            found[connections] = loaded, _most_megabytes(running.process)
    return found


def row(what: str, connections: int, which: str, loads: tuple[Load, ...], megabytes: int) -> str:
    """Make a row of the table of the medians of some rounds."""
    rate, median, late, cpu = map(statistics.median, zip(*loads, strict=True))
    figures = f"{rate:.0f} | {median:.1f} | {late:.0f} | {cpu:.1f} | {megabytes}"
    return f"| {what} | {connections} | {which} | {figures} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", nargs="?", help="the Python of another checkout")
    before: str | None = parser.parse_args().before
    pythons = {"after": sys.executable} | ({"before": before} if before else {})
    print("| what | connections | code | requests/s | p50 ms | p99 ms | CPU ms | MB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, run_origin(respond) as url:
        folder = Path(name, "edge-proxy")
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("bin", "__pycache__"))
        manifest = folder / "fastly.toml"
        manifest.write_text(manifest.read_text().replace("http://127.0.0.1:9090", url))
        build = [sys.executable, "-m", "fastly_compute.cli", "build"]
        subprocess.run(build, cwd=folder, check=True)
        for python in pythons.values():
            measure(python, folder, "/")  # built and compiled by now
        for what, path in PATHS.items():
            rounds: dict[str, list[dict[int, tuple[Load, int]]]] = {key: [] for key in pythons}
            for _ in range(ROUNDS):
                for key, python in pythons.items():
                    rounds[key].append(measure(python, folder, path))
            for connections in CONNECTIONS:
                for key, found in rounds.items():
                    loads, megabytes = zip(*(one[connections] for one in found), strict=True)
                    print(row(what, connections, key, loads, max(megabytes)), flush=True)


if __name__ == "__main__":
    main()
