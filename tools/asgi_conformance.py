"""Run Starlette's own tests against real servers, and write docs/asgi-conformance.md.

First they run as they are, and then with each request sent over a socket: to uvicorn, and to an app
on the native host, in the process of the test; and to apps in a component, on wasmtime and Viceroy,
where the whole test runs in the component. They come from PyPI.
"""

import fnmatch
import json
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastly_compute.testing.served import ComputeServer, Served

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "tests/asgi_conformance"
PAGE = ROOT / "docs/asgi-conformance.md"
# They test TestClient itself, WebSockets, and a library that is not installed.
LEFT_OUT = ("test_testclient.py", "test_websockets.py", "middleware/test_opentelemetry.py")
HOSTS = ("native", "wasm", "viceroy")
TITLES = {"native": "native", "wasm": "wasm", "viceroy": "Viceroy"}

HEAD = """\
# ASGI conformance

<!-- Written by `hatch run asgi:conformance` from Starlette's tests and tests/asgi_conformance. -->

Starlette's own tests send requests with a `TestClient`, which calls the app in the same process.
Here, what it sends goes over a socket to a server: to uvicorn {uvicorn}, and to
`fastly_compute.asgi` on three hosts. The tests are those of Starlette {starlette}, with asyncio,
except {left_out}.

On the native host, the app runs in the process of the test. In a component, the test does: the
whole test runs in a sandbox, each request that it sends goes to a client on the machine, and from
there over a socket to the host and back to the same sandbox, where the app responds to it.

Of each request, the scope and the events that the app receives are also checked against asgiref's
definitions of them, the types in `asgiref.typing` {asgiref}.

| which tests | number |
|---|---|
| all | {all} |
| send no request | {silent} |
| are expected to fail, or skipped | {skipped} |
| fail in the process, on this machine | {in_process} |
| fail on uvicorn as well, for the reasons below | {uvicorn_fails} |
| **can be given to a server** | **{given}** |

| on the host | pass | differ |
|---|---|---|
"""

DIFFERS = """
## What differs

| on | tests | because |
|---|---|---|
"""

PLAIN = """
## What fails on uvicorn as well

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
    source_folder = folder / f"starlette-{release}"
    (source_folder / "starlette").rename(source_folder / "not-the-installed-one")
    for name in LEFT_OUT:
        (source_folder / "tests" / name).unlink()
    return source_folder


def in_this_process(source: Path, server: str | None) -> dict[str, tuple[str, int]]:
    """Run the tests, and return the outcome of each and the number of its requests."""
    found = source / "outcomes.json"
    path = os.pathsep.join([str(PLUGIN), str(PLUGIN / "guest")])
    environment = {**os.environ, "ASGI_OUTCOMES": str(found), "PYTHONPATH": path}
    if server is not None:
        environment["ASGI_SERVER"] = server
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "live_server", "tests"]
    subprocess.run(command, cwd=source, env=environment, check=False)
    outcomes = json.loads(found.read_text())
    return {name: (outcome, requests) for name, (outcome, _, requests) in outcomes.items()}


def in_a_component(source: Path, host: str, names: Iterable[str]) -> dict[str, str]:
    """Run tests in the sandboxes of a host, and return why each of those failed that did."""
    socket_client = runpy.run_path(str(PLUGIN / "socket_client.py"))
    app = source.parent / host
    shutil.copytree(PLUGIN / "guest", app, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    shutil.copytree(source / "tests", app / "tests")
    failures = {}
    with socket_client["SocketClient"]() as client:
        backend = f'[local_server.backends.origin]\nurl = "{client.url}"\n'
        (app / "fastly.toml").write_text(backend)
        server = ComputeServer(Served(host=host, folder=app, entry="main"))
        try:
            for number, name in enumerate(sorted(names)):
                outcome, reason = client.run(server.url, name)
                if outcome != "passed":
                    failures[name] = reason
                if number % 50 == 49:
                    print(f"{host}: {number + 1} tests, {len(failures)} failed", flush=True)
        finally:
            server.stop()
    return failures


def failed(found: Mapping[str, tuple[str, int]]) -> set[str]:
    """Return the tests that failed."""
    return {name for name, (outcome, _) in found.items() if outcome == "failed"}


def listed(tests: Iterable[str]) -> str:
    """Format the names of tests, without their parameters."""
    names = sorted({test.partition("[")[0].removeprefix("tests/") for test in tests})
    return ", ".join(f"`{name}`" for name in names)


def matching(tests: Iterable[str], entry: Mapping[str, Any]) -> set[str]:
    """Return those tests that the patterns of an entry name."""
    names = list(tests)
    return {test for pattern in entry["tests"] for test in fnmatch.filter(names, pattern)}


class Page:
    """The page, and the tests that have no reason on it."""

    def __init__(self) -> None:
        self.text = ""
        self.unexplained: list[str] = []

    def add_rows(
        self, differ: Mapping[str, set[str]], entries: Iterable[Mapping[str, Any]], *, hosts: bool
    ) -> None:
        """Add the rows of a table: the tests that fail, by the reasons that are listed."""
        explained: dict[str, set[str]] = {host: set() for host in differ}
        for entry in entries:
            found = {host: matching(tests, entry) for host, tests in differ.items()}
            every: set[str] = set().union(*found.values())
            if not every:
                continue
            counts = ", ".join(
                f"{TITLES[host]}: {len(tests)}" if hosts else str(len(tests))
                for host, tests in found.items()
                if tests
            )
            separator = " | " if hosts else ": "
            self.text += f"| {counts}{separator}{listed(every)} | {entry['reason']} |\n"
            for host in differ:
                explained[host] |= found[host]
        for host, tests in differ.items():
            self.unexplained += [f"{test} ({host})" for test in sorted(tests - explained[host])]


def main() -> int:
    """Run the tests, and write the page; return 1 if a deviation has no reason."""
    release = version("starlette")
    differ: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        source = fetch(Path(temporary), release)
        runs = {server: in_this_process(source, server) for server in (None, "uvicorn", "ours")}
        in_process = failed(runs[None])
        plain = failed(runs["uvicorn"]) - in_process
        sends = {name for name, (_, requests) in runs["ours"].items() if requests > 0}
        skipped = {name for name in sends if runs["ours"][name][0] == "skipped"}
        given = sends - skipped - in_process - plain
        differ["native"] = failed(runs["ours"]) & given
        for host in HOSTS[1:]:
            failures = in_a_component(source, host, given)
            differ[host] = set(failures)
            for test, reason in sorted(failures.items()):
                last = reason.strip().splitlines()[-4:]
                print(f"{host} {test}: " + " / ".join(last))
    entries = tomllib.loads((PLUGIN / "deviations.toml").read_text())
    page = Page()
    page.text = HEAD.format(
        uvicorn=version("uvicorn"),
        starlette=release,
        asgiref=version("asgiref"),
        left_out=", ".join(f"`{name}`" for name in LEFT_OUT),
        all=len(runs["ours"]),
        silent=len(runs["ours"]) - len(sends),
        skipped=len(skipped),
        in_process=len(in_process & sends),
        uvicorn_fails=len(plain & sends),
        given=len(given),
    )
    for host in HOSTS:
        page.text += f"| {TITLES[host]} | {len(given - differ[host])} | {len(differ[host])} |\n"
    page.text += DIFFERS
    page.add_rows(differ, entries["deviation"], hosts=True)
    page.text += PLAIN
    page.add_rows({"uvicorn": plain & sends}, entries["plain"], hosts=False)
    compared = runpy.run_path(str(ROOT / "tests/test_asgi_differential.py"))
    differences: dict[tuple[str, str], str] = compared["DIFFERENCES"]
    page.text += UVICORN.format(count=len(compared["SENT"]))
    for (case, part), reason in differences.items():
        page.text += f"| `{case}` | {part} | {reason} |\n"
    PAGE.write_text(page.text)
    for test in page.unexplained:
        print(f"no reason is listed in deviations.toml for {test}")
    return 1 if page.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
