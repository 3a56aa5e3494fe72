"""Run urllib3's own tests on the native host, and write docs/urllib3-compatibility.md.

It takes the tests from the source distribution on PyPI of the installed version. A test that passes
on sockets and not here must be in tests/urllib3_deviations.toml, with the reason.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEVIATIONS = ROOT / "tests/urllib3_deviations.toml"
PAGE = ROOT / "docs/urllib3-compatibility.md"
# Those that make connections, except through proxies. test_socketlevel.py waits for single packets.
FILES = (
    "test/test_connection.py",
    "test/test_connectionpool.py",
    "test/test_poolmanager.py",
    "test/with_dummyserver/test_chunked_transfer.py",
    "test/with_dummyserver/test_connection.py",
    "test/with_dummyserver/test_connectionpool.py",
    "test/with_dummyserver/test_https.py",
    "test/with_dummyserver/test_poolmanager.py",
)
HEAD = """\
# urllib3's own tests

<!-- Written by `hatch run urllib3:tests` from tests/urllib3_deviations.toml. -->

These are the tests of urllib3 {version} that make connections, except those through proxies and
those of single packets on a socket (`test_socketlevel.py`), run after `inject_into_urllib3` on the
native host against urllib3's own servers. Of the {all} that pass with sockets, {passed} pass here.
The others differ for the reasons below; the command fails for one without a reason.

"""

Outcomes = dict[str, str]


def unpacked(folder: Path) -> Path:
    """Download and unpack the source distribution."""
    wanted = f"urllib3=={version('urllib3')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-binary=:all:", "-d", str(folder), wanted], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def run(source: Path, below: str) -> Outcomes:
    """Run the tests, with sockets below urllib3 or with a host."""
    outcomes = source / f"{below}.json"
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "urllib3_tests_plugin"]
    command += ["-p", "no:cacheprovider", "-p", "no:warnings", "--timeout=30", *FILES]
    environment = {**os.environ, "BELOW": below, "OUTCOMES": str(outcomes)}
    environment["PYTHONPATH"] = str(ROOT / "tools")
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        environment.pop(name, None)
    subprocess.run(command, cwd=source, env=environment, check=False)
    found: Outcomes = json.loads(outcomes.read_text(encoding="utf-8"))
    return found


def explained(failed: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Sort tests by the reason they fail for; return what is wrong with the reasons, too."""
    reasons: dict[str, list[str]] = defaultdict(list)
    problems = []
    left = set(failed)
    for deviation in tomllib.loads(DEVIATIONS.read_text(encoding="utf-8"))["deviation"]:
        for pattern in deviation["tests"]:
            matched = {test for test in left if fnmatch(test.partition("[")[0], f"*::{pattern}")}
            if not matched:
                problems.append(f"no test fails that is called {pattern}")
            left -= matched
            reasons[deviation["reason"]] += sorted(matched)
    problems += [f"fails without a reason: {test}" for test in sorted(left)]
    return reasons, problems


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Format a table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(passing: list[str], reasons: dict[str, list[str]]) -> str:
    """Generate the page."""
    differing = [test for tests in reasons.values() for test in tests]
    all_of = Counter(test.partition("::")[0] for test in passing)
    differing_of = Counter(test.partition("::")[0] for test in differing)
    files = [
        (f"`{file}`", str(count), str(count - differing_of[file]))
        for file, count in sorted(all_of.items())
    ]
    rows = []
    for reason, tests in reasons.items():
        names = sorted({test.partition("[")[0].rpartition("::")[2] for test in tests})
        rows.append((reason, str(len(tests)), ", ".join(f"`{name}`" for name in names)))
    head = HEAD.format(
        version=version("urllib3"), all=len(passing), passed=len(passing) - len(differing)
    )
    return (
        head
        + table(("file", "pass with sockets", "pass here"), files)
        + "\n## What differs\n\n"
        + table(("because", "tests", "which"), rows)
    )


def main() -> int:
    """Run the tests with and without a host, and write the page."""
    with tempfile.TemporaryDirectory(prefix="urllib3-") as temporary:
        source = unpacked(Path(temporary))
        with_sockets, here = run(source, "sockets"), run(source, "host")
    passing = [test for test, outcome in with_sockets.items() if outcome == "passed"]
    failed = [test for test in passing if here.get(test) != "passed"]
    reasons, problems = explained(failed)
    for problem in problems:
        print(problem)
    if not problems:
        PAGE.write_text(page(passing, reasons), encoding="utf-8")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
