"""Prints what each pass of a build saves: `hatch run benchmarks:passes`.

Each app is built with every pass, and once without each of them. All are served by a Viceroy of
their own and asked in turns, a new sandbox for each request.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.peers.running import Peer, Task
from fastly_compute.cli.commands.viceroy import find_viceroy
from fastly_compute.cli.component.passes import PASSES

ROOT = Path(__file__).parent.parent
REQUESTS = 15
FREED = """
from fastly_compute.http import Response, service

lines = [bytes(3000) for _ in range(14_000)]
del lines

HttpIncoming = service(lambda request: Response.text("hello"))
"""


def build(folder: Path, entry: str, output: Path, *options: str) -> Path:
    """Build an app."""
    command = [sys.executable, "-m", "fastly_compute.cli", "build", "--entry", entry]
    done = subprocess.run(
        [*command, "--output", output, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "warning" in done.stderr:
        raise SystemExit(done.stderr)
    return output


def ratios(components: dict[str, Path], config: Path, rounds: int) -> dict[str, float]:
    """Ask all of them in turns.

    Returns:
        The time of a request beside that of the first component's: the median over the rounds of
        the ratio of the medians in one.
    """
    viceroy = find_viceroy()
    if viceroy is None:
        raise SystemExit("Viceroy is not installed: run `hatch run viceroy:install`")
    times: dict[str, list[float]] = {name: [] for name in components}
    with ExitStack() as stack:
        peers = {}
        for name, component in components.items():
            peers[name] = Peer(viceroy, config, component)
            stack.callback(peers[name].stop)
        first, *_ = peers
        with peers[first].awake():
            task = Task("/", peers[first].content("/"), REQUESTS)
        for round_ in range(rounds + 1):
            turn = list(peers.items())
            for name, peer in reversed(turn) if round_ % 2 else turn:
                with peer.awake():
                    found = peer.milliseconds(task, REQUESTS)
                if round_:
                    times[name].append(statistics.median(found))
    print(f"  {first}: {statistics.median(times[first]):.2f} ms", file=sys.stderr)
    return {
        name: statistics.median(one / other for one, other in zip(found, times[first], strict=True))
        for name, found in times.items()
    }


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    names = [one.name for one in PASSES]
    variants = {"all": [], **{name: ["--without", name] for name in names}}
    variants["none of them"] = ["--optimize", "none"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "freed").mkdir()
        (folder / "freed/main.py").write_text(FREED)
        config = folder / "viceroy.toml"
        config.write_text("")
        apps = {
            "hello, WSGI": (ROOT / "benchmarks/peers/ours", "hello_wsgi"),
            "a Flask page": (ROOT / "examples/flask-app", "main"),
            "hello, 42 MB freed": (folder / "freed", "main"),
        }
        found = {}
        for app, (source, entry) in apps.items():
            components = {
                variant: build(source, entry, folder / f"{number}.wasm", *options)
                for number, (variant, options) in enumerate(variants.items())
            }
            print(app, file=sys.stderr)
            found[app] = ratios(components, config, rounds)
    print("| without |", *(f"{app} |" for app in apps))
    print("|---" * (len(apps) + 1) + "|")
    for variant in list(variants)[1:]:
        print(f"| {variant} |", *(f"{found[app][variant]:.2f} |" for app in apps))


if __name__ == "__main__":
    main()
