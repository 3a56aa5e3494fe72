"""Measure hello through ASGI beside WSGI and a handler: `hatch run benchmarks:asgi`.

All are served by a Viceroy of their own and asked in turns, a new sandbox for each request.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import anyio
import anyio.to_thread

from benchmarks.passes import build, measure
from fastly_compute.asgi.inline_threads import run_threads_inline
from fastly_compute.cli.component.passes import select
from fastly_compute.cli.project.settings import Project
from fastly_compute.http.event_loop import EventLoop

HERE = Path(__file__).parent
APPS = {
    "a handler": (HERE / "hello", "main"),
    "a coroutine as a handler": (HERE / "asgi_apps", "coroutine"),
    "WSGI": (HERE / "peers/ours", "hello_wsgi"),
    "ASGI": (HERE / "asgi_apps", "plain"),
    "Starlette": (HERE / "asgi_apps", "with_starlette"),
}
CALLS = 2000


def nothing() -> None:
    """Stand for a synchronous endpoint."""


async def _microseconds() -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        await anyio.to_thread.run_sync(nothing)
    return (time.perf_counter() - started) / CALLS * 1e6


def inline_microseconds() -> tuple[float, float]:
    """Return the time of a synchronous call inline and in a thread, on this machine's CPython."""
    run_threads_inline()
    found: list[tuple[float, float]] = []
    for _ in range(5):
        with asyncio.Runner(loop_factory=EventLoop) as runner:
            inline = runner.run(_microseconds())
        found.append((inline, asyncio.run(_microseconds())))
    inlines, threads = zip(*found, strict=True)
    return statistics.median(inlines), statistics.median(threads)


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    components = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "viceroy.toml"
        config.write_text("")
        for app, (source, entry) in APPS.items():
            work = folder / entry
            work.mkdir()
            made = build(Project(folder=source, entry=entry), work, {app: select("all")})
            components[app] = made[app]
        sizes = {app: path.stat().st_size / 1e6 for app, path in components.items()}
        found = measure(components, config, rounds)
    print("| hello by | time | page faults | MB |\n|---|---|---|---|")
    for app, figures in found.items():
        print(f"| {app} | {figures.ratio:.2f} | {figures.faults:.0f} | {sizes[app]:.1f} |")
    inline, thread = inline_microseconds()
    print(f"\na synchronous call: {inline:.0f} µs inline, {thread:.0f} µs in a thread")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
