"""Run Starlette's own tests against a real server, and write docs/asgi-conformance.md.

They run three times: as they are; with each request sent over a socket to uvicorn; and to ours.
A test that fails on uvicorn, too, is about TestClient, not about a server. They come from PyPI.
"""

import fnmatch
import json
import os
import runpy
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "tests/asgi_conformance"
PAGE = ROOT / "docs/asgi-conformance.md"
# They test TestClient itself, WebSockets, and a library that is not installed.
LEFT_OUT = ("test_testclient.py", "test_websockets.py", "middleware/test_opentelemetry.py")

HEAD = """\
# ASGI conformance

<!-- Written by `hatch run asgi:conformance` from Starlette's tests and tests/asgi_conformance. -->

Starlette's own tests send requests with a `TestClient`, which calls the app in the same process.
Here, what it sends goes over a socket to a server: to uvicorn {uvicorn}, and to
`fastly_compute.asgi` on the native host. The tests are those of Starlette {starlette},
with asyncio, except {left_out}.

| | tests |
|---|---|
| run | {run} |
| fail in the process, on this machine | {in_process} |
| fail on uvicorn as well: they are about `TestClient` or its extensions | {uvicorn_fails} |
| **can be given to a server** | **{given}** |
| pass on `fastly_compute.asgi` | {passed} |
| differ, for the reasons below | {differ} |

## What differs

| tests | because |
|---|---|
"""


UVICORN = """
## Compared with uvicorn

tests/test_asgi_differential.py sends {count} requests to the same app on uvicorn and on the native
host, and compares what the app sees, what becomes of each event that it sends, and what the client
gets. A test fails for a difference that is not listed, and for a listed one that does not exist.

| in | differs | because |
|---|---|---|
"""


def fetch(folder: Path, release: str) -> Path:
    """Download Starlette's source distribution, and return the folder with its tests."""
    command = ["uv", "run", "--no-project", "--with", "pip", "python", "-m", "pip", "download"]
    command += ["--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*command, f"--dest={folder}", f"starlette=={release}"], check=True)
    (archive,) = folder.glob("starlette-*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    return folder / f"starlette-{release}"


def outcomes(source: Path, server: str | None) -> dict[str, str]:
    """Run the tests, and return the outcome of each."""
    found = source / "outcomes.json"
    environment = {**os.environ, "ASGI_OUTCOMES": str(found), "PYTHONPATH": os.pathsep.join([str(PLUGIN), str(PLUGIN / "guest")])}
    if server is not None:
        environment["ASGI_SERVER"] = server
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "live_server", "tests"]
    command += [f"--ignore=tests/{name}" for name in LEFT_OUT]
    subprocess.run(command, cwd=source, env=environment, check=False)
    return {name: outcome for name, (outcome, *_) in json.loads(found.read_text()).items()}


def failed(found: dict[str, str]) -> set[str]:
    """Return the tests that failed."""
    return {name for name, outcome in found.items() if outcome == "failed"}


def main() -> int:
    """Run the tests, and write the page; return 1 if a deviation has no reason."""
    release = version("starlette")
    with tempfile.TemporaryDirectory() as name:
        source = fetch(Path(name), release)
        (source / "starlette").rename(source / "not-the-installed-one")
        runs = {server: outcomes(source, server) for server in (None, "uvicorn", "ours")}
    in_process = failed(runs[None])
    others = failed(runs["uvicorn"]) - in_process
    given = {test for test, outcome in runs["ours"].items() if outcome in ("passed", "failed")}
    given -= in_process | others
    differ = failed(runs["ours"]) & given
    rows, explained = [], set()
    compared = runpy.run_path(str(ROOT / "tests/test_asgi_differential.py"))
    differences: dict[tuple[str, str], str] = compared["DIFFERENCES"]
    listed = tomllib.loads((PLUGIN / "deviations.toml").read_text())
    for entry in listed["deviation"]:
        tests = {test for pattern in entry["tests"] for test in fnmatch.filter(differ, pattern)}
        explained |= tests
        names = sorted({test.partition("[")[0].removeprefix("tests/") for test in tests})
        shown = ", ".join(f"`{test}`" for test in names)
        rows.append(f"| {len(tests)}: {shown} | {entry['reason']} |\n")
    PAGE.write_text(
        HEAD.format(
            uvicorn=version("uvicorn"),
            starlette=release,
            left_out=", ".join(f"`{name}`" for name in LEFT_OUT),
            run=len(runs["ours"]),
            in_process=len(in_process),
            uvicorn_fails=len(others),
            given=len(given),
            passed=len(given - differ),
            differ=len(differ),
        )
        + "".join(rows)
        + UVICORN.format(count=len(compared["SENT"]))
        + "".join(
            f"| `{case}` | {part} | {reason} |\n" for (case, part), reason in differences.items()
        )
    )
    for test in sorted(differ - explained):
        print(f"no reason is listed in deviations.toml for {test}")
    return 1 if differ - explained else 0


if __name__ == "__main__":
    sys.exit(main())
