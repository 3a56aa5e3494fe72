"""Prints the figures of docs/benchmarks.md: `hatch run benchmarks:run`."""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import APP, request_milliseconds, serving, start_seconds
from fastly_compute.cli.compose import compose, stub_component
from fastly_compute.cli.viceroy import find_viceroy

WIT = Path(__file__).parent.parent / "packages/fastly-compute-cli/src/fastly_compute/cli/wit"
ROUNDS = 5
REQUESTS = 200


def composing(folder: Path) -> tuple[float, float]:
    """Seconds that componentize-py takes, and that composing its result takes."""
    run = "import sys; from componentize_py import script; sys.exit(script())"
    world = ["-d", WIT, "-w", "fastly:compute/service@0.1.0"]
    (folder / "bare.py").write_text("class HttpIncoming:\n    pass\n")
    tool = [sys.executable, "-c", run, "-q", *world, "componentize", "-p", folder, "bare"]
    started = time.perf_counter()
    subprocess.run([*tool, "-o", folder / "bare.wasm"], check=True)
    componentized = time.perf_counter() - started
    app = (folder / "bare.wasm").read_bytes()
    stub = stub_component()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        compose(app, stub)
        times.append(time.perf_counter() - started)
    return componentized, statistics.median(times)


def requests(folder: Path, hosts: list[str]) -> dict[str, float]:
    """Median milliseconds of a request on each host, in interleaved rounds."""
    rounds: dict[str, list[float]] = {host: [] for host in hosts}
    for _ in range(ROUNDS):
        for host in hosts:
            with serving(host, folder) as (url, _):
                request_milliseconds(url, 20)
                rounds[host].append(request_milliseconds(url, REQUESTS))
    return {host: statistics.median(times) for host, times in rounds.items()}


def row(what: str, figure: str, beside: str, ratio: float) -> None:
    """Print one row of the table."""
    print(f"| {what} | {figure} | {beside} | {ratio:.3g} |", flush=True)


def main() -> None:
    """Measure and print."""
    hosts = ["native", "wasm", *(["viceroy"] if find_viceroy() else [])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "hello")
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("bin", "__pycache__"))
        cold = start_seconds("wasm", folder)
        warm = statistics.median(start_seconds("wasm", folder) for _ in range(ROUNDS))
        print("| what | figure | beside | ratio |\n|---|---|---|---|", flush=True)
        row("warm start of `serve`", f"{warm:.2f} s", f"{cold:.2f} s the first time", warm / cold)
        componentized, composed = composing(Path(name))
        beside = f"{componentized:.2f} s componentize-py"
        row("composing", f"{composed:.3f} s", beside, composed / componentized)
        medians = requests(folder, hosts)
        base = medians["wasm"]
        for host, median in medians.items():
            what = f"a trivial request, {host}"
            row(what, f"{median:.2f} ms", f"{base:.2f} ms on the wasm host", median / base)


if __name__ == "__main__":
    main()
