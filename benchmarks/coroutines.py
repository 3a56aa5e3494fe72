"""Measure requests that coroutines await at once: `python -m benchmarks.coroutines`.

The origin takes 50 ms for each. Compared are one request, and the same without coroutines.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import facade
from benchmarks.origin import run_origin
from benchmarks.serving import serving
from fastly_compute.cli.commands.viceroy import find_viceroy

APP = Path(__file__).parent / "coroutines_app"
COUNT = 8
ROUNDS = 40
SECONDS = 0.05
WAYS = (("awaited", COUNT), ("gathered", COUNT), ("awaited", 1))


def respond(path: str) -> tuple[bytes, dict[str, str]]:
    """Return a greeting after a while."""
    time.sleep(SECONDS)
    return facade.respond(path)


def milliseconds(host: str, folder: Path) -> list[float]:
    """Return the medians of the ways, which take turns."""
    found: list[list[float]] = [[] for _ in WAYS]
    with run_origin(respond) as url, serving(host, folder) as app:
        for number in range(ROUNDS + 1):
            for (way, count), parts in zip(WAYS, found, strict=True):
                seconds = facade.ask(app.url, {"way": way, "count": count, "url": f"{url}/"})
                if number:  # the first is for warming up
                    parts.append(seconds * 1000)
    return [statistics.median(parts) for parts in found]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "app")
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("bin", "__pycache__"))
        for host in ("native", "wasm", *(["viceroy"] if find_viceroy() else [])):
            awaited, gathered, one = milliseconds(host, folder)
            print(
                f"| {COUNT} awaited requests of 50 ms, {host} | {awaited:.1f} ms "
                f"| {gathered:.1f} ms with `gather`, {one:.1f} ms for one | {awaited / one:.3g} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
