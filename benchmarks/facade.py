"""Measure the cost of the facade `fastly_compute.requests`: `python -m benchmarks.facade`.

Three things, each as a ratio within one run: many small GETs beside the same through the package
below, gzip that the facade takes off beside gzip that the host takes off, and the import of the
facade beside an app that does without it.
"""

import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.origin import run_origin
from benchmarks.serving import APP, request_milliseconds, serving

GETS = Path(__file__).parent / "facade_gets"
COUNT = 1000
SLICE = 50
LARGE_SLICE = 5
SLICES = 60
BUILDS = 5
REQUESTS = 20
WAYS = ("http", "function", "session")
LARGE = json.dumps([{"id": n, "name": f"item {n}", "price": n * 7 % 1000} for n in range(20_000)])
PACKED = gzip.compress(LARGE.encode())


def respond(path: str) -> tuple[bytes, dict[str, str]]:
    """Return a greeting, or a large text in gzip."""
    if path == "/large":
        return PACKED, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    return b"hello", {"Content-Type": "text/plain"}


@contextmanager
def origin() -> Iterator[str]:
    """Run an origin, and yield the URL of its greeting."""
    with run_origin(respond) as url:
        yield f"{url}/"


def ask(url: str, question: dict[str, object]) -> float:
    """Make the app send GETs, and return the seconds that it reports."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=300)
    connection.request("POST", "/", body=json.dumps(question))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return float(answer["seconds"])


def gets(host: str, folder: Path) -> dict[str, float]:
    """Seconds of many GETs by each API, from the medians of interleaved batches."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with origin() as target, serving(host, folder) as app:
        for number in range(SLICES + 1):
            for way in WAYS:
                question = {"way": way, "url": target, "count": SLICE, "length": len(b"hello")}
                seconds = ask(app.url, question)
                if number:  # the first is for warming up
                    found[way].append(seconds)
    return {way: statistics.median(parts) * COUNT / SLICE for way, parts in found.items()}


def unpacking(host: str, folder: Path) -> dict[str, float]:
    """Milliseconds of a GET of a large text in gzip, by who takes that off; they take turns."""
    found: dict[str, list[float]] = {way: [] for way in WAYS[:2]}
    with origin() as target, serving(host, folder) as app:
        for number in range(SLICES + 1):
            for way, parts in found.items():
                url = f"{target}large"
                question = {"way": way, "url": url, "count": LARGE_SLICE, "length": len(LARGE)}
                seconds = ask(app.url, question)
                if number:
                    parts.append(seconds * 1000 / LARGE_SLICE)
    return {way: statistics.median(parts) for way, parts in found.items()}


def component_bytes(app: Path) -> int:
    """Build a component several times, and return the median of its sizes.

    Sizes differ by up to 0.15 MB between builds: CPython's memory layout depends on a random seed.
    """
    sizes = []
    source = (app / "main.py").read_text()
    for number in range(BUILDS):
        (app / "main.py").write_text(f"{source}# build {number}\n")
        command = [sys.executable, "-m", "fastly_compute.cli", "build"]
        subprocess.run(command, cwd=app, check=True, capture_output=True)
        sizes.append((app / "bin/main.wasm").stat().st_size)
    return int(statistics.median(sizes))


def imports(folder: Path) -> tuple[list[int], list[float]]:
    """Component size, and median milliseconds of a trivial request, without and with the import."""
    apps = [folder / "without", folder / "with"]
    for app in apps:
        shutil.copytree(APP, app, ignore=shutil.ignore_patterns("bin", "__pycache__"))
    source = apps[1] / "main.py"
    source.write_text(source.read_text() + "\nfrom fastly_compute import requests  # noqa\n")
    sizes = [component_bytes(app) for app in apps]
    with serving("wasm", apps[0]) as without, serving("wasm", apps[1]) as with_:
        times: list[list[float]] = [[], []]
        for number in range(SLICES + 1):
            for running, parts in zip((without, with_), times, strict=True):
                milliseconds = request_milliseconds(running.url, REQUESTS)
                if number:
                    parts.append(milliseconds)
    return sizes, [statistics.median(parts) for parts in times]


def main() -> None:
    """Measure and print."""
    print("| what | figure | compared with | ratio |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "gets")
        shutil.copytree(GETS, folder)
        for host in ("native", "wasm"):
            seconds = gets(host, folder)
            for way in WAYS[1:]:
                ratio = seconds[way] / seconds["http"]
                beside = f"{seconds['http']:.2f} s with fastly_compute.http"
                what = f"{COUNT:,} GETs by a {way}, {host}"
                print(f"| {what} | {seconds[way]:.2f} s | {beside} | {ratio:.2f} |", flush=True)
        for host in ("native", "wasm"):
            took = unpacking(host, folder)
            large = f"{len(LARGE) / 1e6:.1f} MB in {len(PACKED) / 1e3:.0f} kB of gzip"
            what = f"a GET of {large}, {host}"
            beside = f"{took['http']:.1f} ms unpacked by the host"
            ratio = took["function"] / took["http"]
            print(f"| {what} | {took['function']:.1f} ms | {beside} | {ratio:.2f} |", flush=True)
        sizes, times = imports(Path(name))
        without, with_ = (size / 1e6 for size in sizes)
        print(
            f"| a component with the facade | {with_:.2f} MB | {without:.2f} MB without | "
            f"{with_ / without:.3f} |"
        )
        print(
            f"| a trivial request with the facade, wasm | {times[1]:.2f} ms | "
            f"{times[0]:.2f} ms without | {times[1] / times[0]:.2f} |"
        )


if __name__ == "__main__":
    main()
