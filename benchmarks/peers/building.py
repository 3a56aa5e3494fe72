"""Build every peer with its own tool, in a separate environment."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from benchmarks.componentizing import componentize
from fastly_compute.cli.component.link import link, stub_module

HERE = Path(__file__).parent
VERSIONS = tomllib.loads(
    (HERE.parents[1] / "docs/comparison/versions/versions.toml").read_text(encoding="utf-8")
)
UPSTREAM = "fastly-compute=={version}".format(**VERSIONS["upstream"])
JAVASCRIPT = "@fastly/js-compute@{version}".format(**VERSIONS["javascript"])


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")


def build(folder: Path) -> dict[str, Path]:
    """Build all peers.

    Returns:
        The components, by their names in the tables.
    """
    for name in ("ours", "bare", "upstream", "javascript"):
        shutil.copytree(
            HERE / name, folder / name, ignore=shutil.ignore_patterns("bin", "__pycache__")
        )
    found = {}

    ours = folder / "ours"
    command = [sys.executable, "-m", "fastly_compute.cli", "build"]
    for entry, name in (("main", "ours"), ("reused", "ours, reuse"), ("hello_wsgi", "ours, WSGI")):
        found[name] = ours / f"{entry}.wasm"
        _run(*command, "--entry", entry, "--output", found[name], cwd=ours)
    bare = found["bare handler"] = folder / "bare/main.wasm"
    componentize(folder / "bare", "main", bare)
    bare.write_bytes(link(bare.read_bytes(), stub_module()))

    upstream = folder / "upstream"
    _run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=upstream)
    _run("uv", "pip", "install", "--quiet", "--python", ".venv", UPSTREAM, cwd=upstream)
    for entry, name in (("main", "upstream"), ("reused", "upstream, reuse")):
        found[name] = upstream / f"{entry}.wasm"
        tool = upstream / ".venv/bin/fastly-compute-py"
        _run(tool, "build", "-e", entry, "-o", found[name], "--virtualenv", ".venv", cwd=upstream)

    javascript = folder / "javascript"
    _run("npm", "install", "--silent", "--no-fund", "--no-audit", JAVASCRIPT, cwd=javascript)
    for entry, name in (("main", "JavaScript"), ("reused", "JavaScript, reuse")):
        found[name] = javascript / f"{entry}.wasm"
        _run("npx", "js-compute-runtime", f"{entry}.js", found[name], cwd=javascript)
    return found
