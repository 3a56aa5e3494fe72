"""Prints what each pass of a build saves: `hatch run benchmarks:passes`.

Each app is built with every pass, and once without each of them. All are served by a Viceroy of
their own and asked in turns, a new sandbox for each request.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.running import Peer, Task
from fastly_compute.cli.commands.viceroy import find_viceroy
from fastly_compute.cli.component.componentize import Componentized, componentize
from fastly_compute.cli.component.compose import compose, stub_component
from fastly_compute.cli.component.passes import PASSES, Pass, apply, select
from fastly_compute.cli.project.embedding import embedding
from fastly_compute.cli.project.roots import app_roots, import_roots
from fastly_compute.cli.project.settings import Project

ROOT = Path(__file__).parent.parent
REQUESTS = 25
LATER = frozenset({"link", "pad-data"})  # they change nothing in the guest
FREED = """
from fastly_compute.http import Response, service

lines = [bytes(3000) for _ in range(14_000)]
del lines

HttpIncoming = service(lambda request: Response.text("hello"))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a request to a new sandbox takes.

    Attributes:
        ratio: The time of the processor, beside that of the component with every pass. On a server
            with other work, this varies less than the time that passes.
        faults: The page faults.
    """

    ratio: float
    faults: float


def build(
    project: Project, folder: Path, variants: Mapping[str, Sequence[Pass]]
) -> dict[str, Path]:
    """Build an app once with each choice of passes.

    Returns:
        The components, by the names of the choices.
    """
    roots = import_roots(project)
    own = [f"/{i}/" for i in range(len(app_roots(project)))]
    made: dict[frozenset[str], Componentized] = {}
    components = {}
    for variant, chosen in variants.items():
        names = frozenset(one.name for one in chosen)
        if names - LATER not in made:
            work = folder / f"{len(made)}"
            work.mkdir()
            embedded = embedding(project, roots).described()
            made[names - LATER] = componentize(work, project.entry, own, roots, names, embedded)
        found = made[names - LATER]
        if found.component is None:
            raise SystemExit(found.output)
        component, skipped = apply(chosen, found.component, found)
        if skipped:
            raise SystemExit(f"{variant}: {skipped}")
        components[variant] = folder / f"{variant}.wasm"
        components[variant].write_bytes(compose(component, stub_component()))
    return components


def measure(components: dict[str, Path], config: Path, rounds: int) -> dict[str, Figures]:
    """Ask all of them in turns, and take medians over the rounds."""
    viceroy = find_viceroy()
    if viceroy is None:
        raise SystemExit("Viceroy is not installed: run `hatch run viceroy:install`")
    times: dict[str, list[float]] = {name: [] for name in components}
    waits: dict[str, list[float]] = {name: [] for name in components}
    faults: dict[str, list[float]] = {name: [] for name in components}
    with ExitStack() as stack:
        peers = {}
        for name, component in components.items():
            peers[name] = Peer(viceroy, config, component)
            stack.callback(peers[name].stop)
        first, *_ = peers
        with peers[first].awake():
            task = Task("/", peers[first].content("/"), REQUESTS)
        for round_ in range(rounds + 1):
            for name, peer in random.sample(list(peers.items()), len(peers)):
                with peer.awake():
                    peer.milliseconds(task, 2)
                    before, faults_before = peer.cpu_milliseconds(), peer.page_faults()
                    found = peer.milliseconds(task, REQUESTS)
                    spent = peer.cpu_milliseconds() - before
                if round_:
                    times[name].append(spent / REQUESTS)
                    waits[name] += found
                    faults[name].append((peer.page_faults() - faults_before) / REQUESTS)
    for name in components:
        cpu, wait = statistics.median(times[name]), statistics.median(waits[name])
        print(f"  {name}: {cpu:.2f} ms of the processor, {wait:.2f} ms", file=sys.stderr)
    return {
        name: Figures(
            statistics.median(one / other for one, other in zip(found, times[first], strict=True)),
            statistics.median(faults[name]),
        )
        for name, found in times.items()
    }


def main() -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    variants = {"all": select("all")}
    variants |= {one.name: select("all", [one.name]) for one in PASSES}
    variants["none of them"] = select("none")
    few = {name: variants[name] for name in ("all", "pad-data")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "freed").mkdir()
        (folder / "freed/main.py").write_text(FREED)
        config = folder / "viceroy.toml"
        config.write_text("")
        apps = {
            "hello, WSGI": (ROOT / "benchmarks/peers/ours", "hello_wsgi", variants),
            "a Flask page": (ROOT / "examples/flask-app", "main", variants),
            "hello, 42 MB freed": (folder / "freed", "main", few),
        }
        found = {}
        for app, (source, entry, wanted) in apps.items():
            work = folder / entry / app
            work.mkdir(parents=True)
            components = build(Project(folder=source, entry=entry), work, wanted)
            print(app, file=sys.stderr)
            found[app] = measure(components, config, rounds)
    print("| without |", *(f"{app} | page faults |" for app in apps))
    print("|---" * (2 * len(apps) + 1) + "|")
    for variant in variants:
        figures = (found[app].get(variant) for app in apps)
        cells = (
            "| |" if one is None else f"{one.ratio:.2f} | {one.faults:.0f} |" for one in figures
        )
        print(f"| {variant} |", *cells)


if __name__ == "__main__":
    main()
