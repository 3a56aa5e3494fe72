"""Write docs/packages.md: which popular packages work in a component, each used for one thing.

This installs them from PyPI into a temporary folder, builds tests/packages_app with ten at a time,
and sends it a request for each on the wasm host. Arguments name the packages to try; then the page
is not written.
"""

import ast
import datetime
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from importlib.metadata import distributions
from pathlib import Path

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host, Server, WasmApp

ROOT = Path(__file__).parent.parent
APP = ROOT / "tests" / "packages_app"
PAGE = ROOT / "docs" / "packages.md"

_AT_ONCE = 10  # packages in one component, which has to fit into a sandbox's memory

HEAD = """\
# Popular packages

<!-- Written by `hatch run guest:packages`. -->

Each of these packages was imported into a component, and used in a request for the one thing that
tests/packages_app/uses.py does with it, on the wasm host: {works} of {all} work. This was measured
on {day}; the versions are those that PyPI had then. pydantic 2 and FastAPI, which have a
native extension, have [their own page](guides/fastapi.md).

| package | version | result |
|---|---|---|
"""


def uses() -> tuple[str, dict[str, str]]:
    """Read `uses.py`: what precedes the functions, and their sources by the names of packages."""
    source = (APP / "uses.py").read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    functions = {}
    head = len(lines)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            start = node.decorator_list[0].lineno - 1
            decorator = "".join(lines[start : node.lineno - 1])
            name = decorator.strip().removeprefix('@package("').removesuffix('")')
            functions[name] = "".join(lines[start : node.end_lineno])
            head = min(head, start)
    return "".join(lines[:head]), functions


def install(names: Sequence[str], folder: Path) -> None:
    """Install packages, and what they need, into a folder."""
    command = ["uv", "pip", "install", "--quiet", "--target", str(folder), "--only-binary", ":all:"]
    subprocess.run([*command, "--python-version", "3.14", *names], check=True)


def try_in_component(names: Sequence[str], installed: Path) -> dict[str, str]:
    """Build an app that uses some of the packages, and send it a request for each."""
    head, functions = uses()
    with tempfile.TemporaryDirectory(prefix="packages-app-") as temporary:
        folder = Path(temporary)
        shutil.copy(APP / "main.py", folder)
        source = "\n\n".join([head, *(functions[name] for name in names)])
        (folder / "uses.py").write_text(source, encoding="utf-8")
        app = WasmApp(build(Project(folder=folder, python_path=(installed,))).output)
    results = {}
    with Host() as host, Server(host, app, ("127.0.0.1", 0)) as server:
        for name in names:
            connection = HTTPConnection(*server.address, timeout=300)
            connection.request("GET", f"/{name}")
            results[name] = connection.getresponse().read().decode()
            connection.close()
    return results


def page(results: Mapping[str, str], installed: Path) -> str:
    """Format the results."""
    versions = {
        found.metadata["Name"].lower().replace("_", "-"): found.version
        for found in distributions(path=[str(installed)])
    }
    rows = []
    for name in sorted(results, key=str.lower):
        version = versions[name.lower().partition("<")[0]]
        result = results[name] if results[name] == "works" else f"fails {results[name]}"
        rows.append(f"| `{name}` | {version} | {result.replace('|', chr(92) + '|')} |\n")
    works = sum(result == "works" for result in results.values())
    day = datetime.datetime.now(datetime.UTC).strftime("%-d %B %Y")
    return HEAD.format(works=works, all=len(results), day=day) + "".join(rows)


def main(chosen: Sequence[str]) -> None:
    """Try packages, by default all, and then write the page."""
    names = chosen or list(uses()[1])
    results: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="packages-") as temporary:
        installed = Path(temporary)
        install(names, installed)
        for start in range(0, len(names), _AT_ONCE):
            for name, result in try_in_component(names[start:][:_AT_ONCE], installed).items():
                print(f"{name:20} {result}", flush=True)
                results[name] = result
        if not chosen:
            PAGE.write_text(page(results, installed), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
