"""Runs `fastly-compute serve` as a user does, and asks it."""

import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

APP = Path(__file__).parent / "hello"


@contextmanager
def serving(host: str, folder: Path) -> Iterator[tuple[str, float]]:
    """Serve the app and yield its URL and the seconds until it was ready."""
    command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--host", host]
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
        yield "http://" + ready.partition("http://")[2].split()[0], seconds
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def start_seconds(host: str, folder: Path) -> float:
    """Time one start."""
    with serving(host, folder) as (_, seconds):
        return seconds


def request_milliseconds(url: str, count: int) -> float:
    """Time requests one after the other on one connection, and take the median."""
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
