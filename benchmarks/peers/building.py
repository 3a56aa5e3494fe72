"""Build every peer with its own tool, in a separate environment."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from benchmarks.componentizing import componentize
from fastly_compute.cli.component.link import link, stub_module

HERE = Path(__file__).parent
VERSIONS = tomllib.loads(
    (HERE.parents[1] / "docs/comparison/versions/versions.toml").read_text(encoding="utf-8")
)
UPSTREAM = "fastly-compute=={version}".format(**VERSIONS["upstream"])
JAVASCRIPT = "@fastly/js-compute@{version}".format(**VERSIONS["javascript"])
GO = "github.com/fastly/compute-sdk-go@v{version}".format(**VERSIONS["go"])
FRAMEWORKS = ("Flask", "Starlette", "Django")
UPSTREAM_FLASK = {"flask_app": "upstream, Flask", "flask_reused": "upstream, Flask, reuse"}


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")


def build(folder: Path, tools: list[str]) -> dict[str, Path]:
    """Build all peers of some tools.

    Args:
        folder: The folder for the components.
        tools: The names of the tools, which are those of `TOOLS`.

    Returns:
        The components, by their names in the tables.
    """
    found: dict[str, Path] = {}
    for name in tools:
        copy = folder / name
        shutil.copytree(HERE / name, copy, ignore=shutil.ignore_patterns("bin", "__pycache__"))
        found |= TOOLS[name](copy)
    return found


def _ours(folder: Path) -> dict[str, Path]:
    entries = {
        "main": "ours",
        "reused": "ours, reuse",
        "hello_wsgi": "ours, WSGI",
        "facade": "ours, requests, reuse",
    }
    return _built(folder, entries)


def _framework(folder: Path) -> dict[str, Path]:
    name = f"ours, {folder.name.title()}"
    return _built(folder, {"main": name, "reused": f"{name}, reuse"})


def _built(folder: Path, entries: Mapping[str, str]) -> dict[str, Path]:
    found = {}
    command = [sys.executable, "-m", "fastly_compute.cli", "build"]
    for entry, name in entries.items():
        found[name] = folder / f"{entry}.wasm"
        _run(*command, "--entry", entry, "--output", found[name], cwd=folder)
    return found


def _bare(folder: Path) -> dict[str, Path]:
    found = {}
    for entry, name in (("main", "bare handler"), ("reused", "bare handler, reuse")):
        component = found[name] = folder / f"{entry}.wasm"
        componentize(folder, entry, component)
        component.write_bytes(link(component.read_bytes(), stub_module()))
    return found


def _upstream(folder: Path) -> dict[str, Path]:
    found = {}
    _run("uv", "venv", "--quiet", "--python", ">=3.12", ".venv", cwd=folder)  # it needs that
    _run("uv", "pip", "install", "--quiet", "--python", ".venv", UPSTREAM, "flask", cwd=folder)
    entries = {"main": "upstream", "reused": "upstream, reuse"} | UPSTREAM_FLASK
    for entry, name in entries.items():
        found[name] = folder / f"{entry}.wasm"
        tool = folder / ".venv/bin/fastly-compute-py"
        _run(tool, "build", "-e", entry, "-o", found[name], "--virtualenv", ".venv", cwd=folder)
    return found


def _javascript(folder: Path) -> dict[str, Path]:
    found = {}
    _run("npm", "install", "--silent", "--no-fund", "--no-audit", JAVASCRIPT, cwd=folder)
    for entry, name in (("main", "JavaScript"), ("reused", "JavaScript, reuse")):
        found[name] = folder / f"{entry}.wasm"
        _run("npx", "js-compute-runtime", f"{entry}.js", found[name], cwd=folder)
    return found


def _go(folder: Path) -> dict[str, Path]:
    found = {}
    target = ("env", "GOOS=wasip1", "GOARCH=wasm")
    _run("go", "mod", "init", "peer", cwd=folder)
    _run("go", "get", GO, cwd=folder)
    for name, reuse in (("Go", ""), ("Go, reuse", "yes")):
        found[name] = folder / f"go{reuse}.wasm"
        flags = f"-X main.reuse={reuse}"
        _run(*target, "go", "build", "-ldflags", flags, "-o", found[name], ".", cwd=folder)
    return found


TOOLS = {
    "ours": _ours,
    **{name.lower(): _framework for name in FRAMEWORKS},
    "bare": _bare,
    "upstream": _upstream,
    "javascript": _javascript,
    "go": _go,
}
