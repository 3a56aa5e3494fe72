"""Run `fastly-compute serve` as a user does, and send it requests."""

import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

APP = Path(__file__).parent / "hello"


class Running(NamedTuple):
    """An app that is being served.

    Attributes:
        url: Its URL.
        seconds: How long it took to start.
        process: The process ID.
    """

    url: str
    seconds: float
    process: int


@contextmanager
def serving(
    host: str, folder: Path, *component: str, python: str = sys.executable
) -> Iterator[Running]:
    """Serve the app in a folder, or a component, with this Python or another one."""
    command = [python, "-m", "fastly_compute.cli", "serve", *component, "--runtime", host]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--addr", "127.0.0.1:0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        ready = process.stdout.readline() if process.stdout else ""
        seconds = time.perf_counter() - started
        url = "http://" + ready.partition("http://")[2].split()[0]
        yield Running(url, seconds, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def start_seconds(host: str, folder: Path) -> float:
    """Time one start."""
    with serving(host, folder) as running:
        return running.seconds


def resident_megabytes(process: int) -> float:
    """Return the resident memory of a process."""
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True
    )
    return int(told.stdout) / 1024


def request_milliseconds(url: str, count: int) -> float:
    """Return the median time of sequential requests on one connection."""
    connection = HTTPConnection(urlsplit(url).netloc)
    times = []
    for _ in range(count):
        started = time.perf_counter()
        connection.request("GET", "/")
        body = connection.getresponse().read()
        times.append((time.perf_counter() - started) * 1000)
        if body != b"hello":
            raise SystemExit(f"wrong answer: {body!r}")
    connection.close()
    return statistics.median(times)
