"""Every Python block of the site's pages is run.

A block with tests in it belongs to the block before it, which is the module ``main`` to it. The
other blocks are apps and functions, which are run as far as an import does. The page on testing is
run by pytest itself, in test_docs_testing.py, and generated pages have no Python.
"""

import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.local import NativeApp
from fastly_compute.testing import ComputeClient, ComputeHost

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path for path in DOCS.rglob("*.md") if "_build" not in path.parts and path.name != "testing.md"
)


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)


def pairs(path: Path) -> list[tuple[str, str]]:
    """Return the apps of a page, each with its tests, if it has any."""
    found: list[tuple[str, str]] = []
    for block in blocks(path):
        if re.search(r"^def test_", block, re.MULTILINE):
            app, before = found.pop() if found else ("", "")
            found.append((app, before + block))
        else:
            found.append((block, ""))
    return found


CASES = [
    pytest.param(app, test, id=f"{path.relative_to(DOCS)}-{number}")
    for path in PAGES
    for number, (app, test) in enumerate(pairs(path), 1)
]


def run(code: str, name: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(code, f"{name}.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize(("app", "test"), CASES)
def test_the_block_does_what_the_page_says(
    app: str, test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = run(app, "main")
    monkeypatch.setitem(sys.modules, "main", main)
    tests = [
        function
        for name, function in vars(run(test, "test_main")).items()
        if name.startswith("test_")
    ]
    for function in tests:
        with ComputeHost() as host:
            have = {"compute_host": host}
            if hasattr(main, "HttpIncoming"):
                have["compute_client"] = ComputeClient(host.host, NativeApp(main.HttpIncoming))
            function(**{name: have[name] for name in inspect.signature(function).parameters})

    assert len(tests) == len(re.findall(r"^def test_", test, re.MULTILINE))


def test_most_blocks_have_tests() -> None:
    tested = [case for case in CASES if case.values[1]]

    assert len(tested) * 3 > len(CASES)


def test_no_python_hides_under_another_name() -> None:
    fences = {
        fence
        for path in PAGES
        for fence in re.findall(r"^```(\w*)", path.read_text(), re.MULTILINE)
    }

    assert fences <= {"", "python", "console", "toml", "text"}
