"""Print what each guest package adds to a component: `hatch run benchmarks:imports`.

Each component is built without passes, whose result varies by more than a package adds. Arguments
are the names of the packages to measure alone, such as `kv_store`; by default all of them.
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host, Incoming, WasmApp

TOOLS = {"cli", "local", "testing"}
OWN = {"fastly_compute", "wit_world"}
FOLDERS = Path(__file__).parent.parent.glob("packages/fastly-compute-*")
PACKAGES = sorted(
    name.replace("-", "_")
    for name in (folder.name.removeprefix("fastly-compute-") for folder in FOLDERS)
    if name not in TOOLS
)
# The smallest app has these already.
WITHIN = {"core", "secret_store", "backend", "http"}
APP = """
import importlib, json, sys
from fastly_compute.http import Response, service
brought = {{}}
for name in {packages}:
    before = set(sys.modules)
    importlib.import_module("fastly_compute." + name)
    brought[name] = sorted(set(sys.modules) - before)
HttpIncoming = service(lambda request: Response.json(brought))
"""


def component(folder: Path, packages: Sequence[str]) -> Path:
    """Build an app that imports packages."""
    app = folder / ("-".join(packages) or "none")
    app.mkdir()
    (app / "main.py").write_text(APP.format(packages=list(packages)))
    return build(Project(folder=app, optimize="none")).output


def brought(component: Path) -> dict[str, list[str]]:
    """Return which modules each package imported that none before it had."""
    with Host(output=lambda line: None) as host:
        answer = host.request(WasmApp(component), Incoming())
    found: dict[str, list[str]] = json.loads(bytes(answer.body))
    return found


def row(what: str, path: Path, base: int, others: str = "") -> None:
    """Print one row of the table."""
    grown = path.stat().st_size - base
    print(f"| {what} | {grown / 1000:.0f} KB | {grown / base:.1%} | {others} |", flush=True)


def main(names: Sequence[str]) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FASTLY_COMPUTE_CACHE"] = str(folder / "cache")
        smallest = component(folder, [])
        base = smallest.stat().st_size
        added = [package for package in PACKAGES if package not in WITHIN]
        everything = component(folder, added)
        modules = brought(everything)
        print(f"The smallest app has {base / 1e6:.2f} MB.\n")
        print("| what is imported | grows by | | modules of others |\n|---|---|---|---|")
        row("every package", everything, base)
        row("every package but log", component(folder, [p for p in added if p != "log"]), base)
        for package in names or added:
            others = [m for m in modules[package] if m.partition(".")[0] not in OWN]
            row(f"`{package}`", component(folder, [package]), base, ", ".join(others))


if __name__ == "__main__":
    main(sys.argv[1:])
