"""Run httpx's own tests with our clients, on the native host, and record the results.

The tests come from PyPI, with the version of httpx that is installed. Those of httpx's models and
of its command line are left out, because no transport is involved, and so are those that fail with
httpx's own clients as well. The command fails for a test that fails without a reason in
tests/differential/httpx_own_tests.toml, and for a reason without such a test.
"""

import asyncio
import fnmatch
import inspect
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import httpx
import pytest

from fastly_compute.httpx import AsyncClient, Client
from fastly_compute.local import Host

ROOT = Path(__file__).parent.parent
REASONS = ROOT / "tests/differential/httpx_own_tests.toml"
RESULTS = ROOT / "tests/differential/httpx_own_results.json"
LEFT_OUT = ("tests/models", "tests/test_main.py")


def download(folder: Path) -> Path:
    """Download the source distribution, and return its folder."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "httpx"]
    subprocess.run([*command, "-d", str(folder), f"httpx=={httpx.__version__}"], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


class Clients:
    """A plugin of pytest, which notes the outcome of each test.

    Args:
        ours: Whether each test is a guest, and has our clients instead of httpx's.
    """

    def __init__(self, *, ours: bool) -> None:
        self.outcomes: dict[str, bool] = {}
        self._ours = ours

    @contextmanager
    def _as_guest(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch, Host(output=lambda line: None) as host:
            for module in (httpx, httpx._api):
                patch.setattr(module, "Client", Client)
            patch.setattr(httpx, "AsyncClient", AsyncClient)
            with host.guest_context():
                yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a test as a guest, on our event loop if it is a coroutine function."""
        if not self._ours:
            return None
        names = inspect.signature(pyfuncitem.obj).parameters
        arguments = {name: pyfuncitem.funcargs[name] for name in names}
        with self._as_guest():
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                asyncio.run(pyfuncitem.obj(**arguments))
            else:
                pyfuncitem.obj(**arguments)
        return True

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out trio, for which a guest has no event loop."""
        items[:] = [item for item in items if "[trio" not in item.name and "-trio" not in item.name]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome."""
        if not report.skipped and (report.when == "call" or report.failed):
            passed = self.outcomes.get(report.nodeid, True) and report.passed
            self.outcomes[report.nodeid] = passed


def run(folder: Path, *, ours: bool) -> dict[str, bool]:
    """Run the tests, and return whether each passed."""
    plugin = Clients(ours=ours)
    left_out = [f"--ignore={folder / name}" for name in LEFT_OUT]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=line", "-W", "default"]
    with chdir(folder):
        pytest.main([*options, f"--rootdir={folder}", *left_out, str(folder / "tests")], [plugin])
    return plugin.outcomes


def explain(failed: list[str]) -> tuple[Counter[str], list[str]]:
    """Count the failed tests by the reason that is listed for them, and return the others."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))["deviation"]
    counts: Counter[str] = Counter()
    others = []
    for test in failed:
        name = test.partition("tests/")[2]
        for reason in reasons:
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in reason["tests"]):
                counts[reason["id"]] += 1
                break
        else:
            others.append(name)
    others += [
        f"nothing fails for {reason['id']}" for reason in reasons if not counts[reason["id"]]
    ]
    return counts, others


def main() -> int:
    """Run and record."""
    with tempfile.TemporaryDirectory() as name:
        folder = download(Path(name))
        sys.path.insert(0, str(folder))
        # The tests import the httpx that is installed, not this one.
        (folder / "httpx").rename(folder / "sources")
        plain = run(folder, ours=False)
        outcomes = {t: passed for t, passed in run(folder, ours=True).items() if plain[t]}
    counts, others = explain([test for test, passed in outcomes.items() if not passed])
    modules: dict[str, list[int]] = {}
    for test, passed in sorted(outcomes.items()):
        module = test.partition("tests/")[2].partition("::")[0]
        found = modules.setdefault(module, [0, 0])
        found[0] += passed
        found[1] += 1
    record = {"version": httpx.__version__, "modules": modules, "deviations": dict(counts)}
    RESULTS.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print("\n".join(others))
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
