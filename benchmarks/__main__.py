"""Print the figures of docs/benchmarks.md: `hatch run benchmarks:run`."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.componentizing import componentize
from benchmarks.serving import (
    APP,
    request_milliseconds,
    resident_megabytes,
    serving,
    start_seconds,
)
from benchmarks.testing import EMPTY, HOSTED, TESTS, pytest_seconds
from fastly_compute.cli.commands.viceroy import find_viceroy
from fastly_compute.cli.component.link import link, stub_module

ROUNDS = 5
REQUESTS = 200
MANY = 2000


def composing(folder: Path) -> tuple[float, float]:
    """Seconds for running componentize-py, and for composing its output."""
    (folder / "bare.py").write_text("class HttpIncoming:\n    pass\n")
    started = time.perf_counter()
    componentize(folder, "bare", folder / "bare.wasm")
    componentized = time.perf_counter() - started
    app = (folder / "bare.wasm").read_bytes()
    stub = stub_module()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        link(app, stub)
        times.append(time.perf_counter() - started)
    return componentized, statistics.median(times)


def requests(folder: Path, hosts: list[str]) -> dict[str, float]:
    """Median milliseconds of a request on each host, in interleaved rounds."""
    rounds: dict[str, list[float]] = {host: [] for host in hosts}
    for _ in range(ROUNDS):
        for host in hosts:
            with serving(host, folder) as running:
                request_milliseconds(running.url, 20)
                rounds[host].append(request_milliseconds(running.url, REQUESTS))
    return {host: statistics.median(times) for host, times in rounds.items()}


def memory(folder: Path) -> tuple[float, float]:
    """Megabytes of the wasm host after a tenth of many requests, and after all of them."""
    with serving("wasm", folder) as running:
        request_milliseconds(running.url, MANY // 10)
        early = resident_megabytes(running.process)
        request_milliseconds(running.url, MANY - MANY // 10)
        return early, resident_megabytes(running.process)


def testing(folder: Path) -> tuple[float, float]:
    """Seconds of many tests with a host each, and of as many without, in rounds."""
    rounds = [(pytest_seconds(folder, HOSTED), pytest_seconds(folder, EMPTY)) for _ in range(3)]
    hosted, empty = zip(*rounds, strict=True)
    return statistics.median(hosted), statistics.median(empty)


def row(what: str, figure: str, compared: str, ratio: float) -> None:
    """Print one row of the table."""
    print(f"| {what} | {figure} | {compared} | {ratio:.3g} |", flush=True)


def main() -> None:
    """Measure and print."""
    hosts = ["native", "wasm", *(["viceroy"] if find_viceroy() else [])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "hello")
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("bin", "__pycache__"))
        cold = start_seconds("wasm", folder)
        warm = statistics.median(start_seconds("wasm", folder) for _ in range(ROUNDS))
        print("| what | figure | compared with | ratio |\n|---|---|---|---|", flush=True)
        row("warm start of `serve`", f"{warm:.2f} s", f"{cold:.2f} s the first time", warm / cold)
        componentized, composed = composing(Path(name))
        compared = f"{componentized:.2f} s componentize-py"
        row("composing", f"{composed:.3f} s", compared, composed / componentized)
        medians = requests(folder, hosts)
        base = medians["wasm"]
        for host, median in medians.items():
            what = f"a trivial request, {host}"
            row(what, f"{median:.2f} ms", f"{base:.2f} ms on the wasm host", median / base)
        early, late = memory(folder)
        what = f"memory of the wasm host after {MANY:,} requests"
        row(what, f"{late:.0f} MB", f"{early:.0f} MB after {MANY // 10}", late / early)
        hosted, empty = testing(folder)
        what = f"{TESTS:,} tests with a native host each"
        row(what, f"{hosted:.1f} s", f"{empty:.1f} s with none", hosted / empty)


if __name__ == "__main__":
    main()
