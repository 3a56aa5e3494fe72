"""Print what the guest packages add to a component: `hatch run benchmarks:imports`."""

import json
import os
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.component.module_sizes import Module, module_sizes
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host, Incoming, WasmApp

ROUNDS = 2
ROOT = Path(__file__).parent.parent / "packages"
TOOLS = {"cli", "local", "stubs", "testing"}
OWN = {"fastly_compute", "wit_world"}
# The smallest app has these already.
WITHIN = {"core", "secret_store", "backend", "http"}
# They bring asyncio, or the library that they adapt.
ADAPTERS = ["asgi", "httpx", "urllib3"]
FOLDERS = {
    folder.name.removeprefix("fastly-compute-").replace("-", "_"): folder
    for folder in sorted(ROOT.glob("fastly-compute-*"))
}
ADDED = [name for name in FOLDERS if name not in TOOLS | WITHIN]
APP = """
import sys
from fastly_compute.http import Response, service
brought = {{}}
{imports}
HttpIncoming = service(lambda request: Response.json(brought))
# {round}
"""
# As an app has it: the build reads which packages are imported.
IMPORT = """
before = set(sys.modules)
import fastly_compute.{name}
brought["{name}"] = sorted(set(sys.modules) - before)
"""
IN_A_FUNCTION = """
from fastly_compute.http import Response, service
def handle(request):
    import {names}
    return Response.text("hello")
HttpIncoming = service(handle)
"""


def component(folder: Path, packages: Sequence[str], number: int) -> Path:
    """Build an app that imports packages; each number is another build."""
    app = folder / f"{len(packages)}-{number}"
    app.mkdir()
    imports = "".join(IMPORT.format(name=name) for name in packages)
    (app / "main.py").write_text(APP.format(imports=imports, round=number))
    return build(Project(folder=app)).output


def size(folder: Path, packages: Sequence[str]) -> float:
    """Return the bytes of a component, the mean of several builds."""
    built = [component(folder, packages, number) for number in range(ROUNDS)]
    return statistics.mean(path.stat().st_size for path in built)


def brought(component: Path) -> dict[str, list[str]]:
    """Return which modules each package imported that none before it had."""
    with Host(output=lambda line: None) as host:
        answer = host.request(WasmApp(component), Incoming())
    found: dict[str, list[str]] = json.loads(bytes(answer.body))
    return found


def in_a_function(folder: Path, packages: Sequence[str]) -> Path:
    """Build an app that imports packages in a function: they are kept compressed."""
    app = folder / "in-a-function"
    app.mkdir()
    names = ", ".join(f"fastly_compute.{name}" for name in packages)
    (app / "main.py").write_text(IN_A_FUNCTION.format(names=names))
    return build(Project(folder=app)).output


def own_sizes(modules: Iterable[Module]) -> Mapping[str, int]:
    """Return how many bytes each package's own modules take."""
    sizes: Counter[str] = Counter()
    for module in modules:
        top, _, rest = module.name.partition(".")
        if top == "fastly_compute":
            sizes[rest.partition(".")[0]] += module.size
    return sizes


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FASTLY_COMPUTE_CACHE"] = str(folder / "cache")
        base = size(folder, [])
        print(f"The smallest app has {base / 1e6:.2f} MB.\n")
        print("| what is imported | grows by | in percent |\n|---|---|---|")
        for without in ([], ADAPTERS, [*ADAPTERS, "log"]):
            packages = [package for package in ADDED if package not in without]
            grown = size(folder, packages) - base
            what = f"all but {', '.join(without)}" if without else "all packages"
            print(f"| {what} | {grown / 1000:.0f} KB | {grown / base:.1%} |", flush=True)
        every = component(folder, ADDED, ROUNDS)
        late = in_a_function(folder, ADDED)
        loaded = module_sizes(every.read_bytes(), own_roots=1).loaded
        kept = module_sizes(late.read_bytes(), own_roots=1).kept
        for what, modules in (("at the top", loaded), ("in a function", kept)):
            sizes = own_sizes(modules)
            own = sum(sizes[package] for package in ADDED)
            print(f"| their own modules, {what} | {own / 1000:.0f} KB | {own / base:.1%} |")
        sizes = own_sizes(loaded)
        print("\n| package | its own modules | other modules that it brings |\n|---|---|---|")
        for package, names in brought(every).items():
            others = [name for name in names if name.partition(".")[0] not in OWN]
            print(f"| {package} | {sizes[package] / 1000:.0f} KB | {', '.join(others)} |")


if __name__ == "__main__":
    main()
