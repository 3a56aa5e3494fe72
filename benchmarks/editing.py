"""Time the loop of editing an app that is served on wasmtime: from saving a file to its answer."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from wasmtime.component import Component

from benchmarks.serving import APP, serving
from fastly_compute.cli.component.base import find_base
from fastly_compute.local.runtime.wasm.engine import make_engine

ROUNDS = 5
_CLI = [sys.executable, "-m", "fastly_compute.cli"]


def answer(url: str) -> str:
    """Send a request."""
    with urllib.request.urlopen(url) as response:
        return str(response.read().decode())


def build_seconds(folder: Path) -> float:
    """Time one `fastly-compute build`."""
    started = time.perf_counter()
    subprocess.run([*_CLI, "build"], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


def compile_seconds(component: Path) -> float:
    """Time the compilation of a whole component, which keeps no code for the next one."""
    wasm = component.read_bytes()
    started = time.perf_counter()
    Component(make_engine(), wasm).close()
    return time.perf_counter() - started


def edit_seconds(url: str, module: Path, text: str) -> float:
    """Save an app that answers with another text; time how long it takes until it does."""
    source = module.read_text(encoding="utf-8")
    old = answer(url)
    module.write_text(source.replace(repr(old)[1:-1], text), encoding="utf-8")
    started = time.perf_counter()
    while answer(url) != text:
        time.sleep(0.01)
    return time.perf_counter() - started


def row(what: str, seconds: float, whole: float) -> None:
    """Print one row of the table."""
    print(f"| {what} | {seconds:.2f} s | {seconds / whole:.2f} |", flush=True)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["FASTLY_COMPUTE_CACHE"] = f"{name}/cache"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed tool has its bytecode
        folder = Path(name, "hello")
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("bin", "__pycache__"))
        module = folder / "main.py"
        first = build_seconds(folder)
        cached = statistics.median(build_seconds(folder) for _ in range(ROUNDS))
        compiled = statistics.median(
            compile_seconds(folder / "bin" / "main.wasm") for _ in range(ROUNDS)
        )
        with serving("wasm", folder, "--watch") as running:
            while find_base() is None:
                time.sleep(0.1)
            time.sleep(2)  # its process ends
            edit_seconds(running.url, module, "hello 0")  # what is installed is compiled once
            edits = [
                edit_seconds(running.url, module, f"hello {number}")
                for number in range(1, ROUNDS + 1)
            ]
    whole = first + compiled
    print("| what | time | ratio to both |\n|---|---|---|")
    row("first `build` of an app", first, whole)
    row("the component compiled by wasmtime as a whole", compiled, whole)
    row("both, as for an edit without a base", whole, whole)
    row("an edit, from saving it to its answer", statistics.median(edits), whole)
    row("`build` of what was built before", cached, whole)


if __name__ == "__main__":
    main()
