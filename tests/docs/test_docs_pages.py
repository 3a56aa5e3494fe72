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

from fastly_compute.cli import main
from fastly_compute.local import HostConfig, NativeApp, parse
from fastly_compute.testing import ComputeClient, ComputeHost

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path for path in DOCS.rglob("*.md") if "_build" not in path.parts and path.name != "testing.md"
)


def fences(path: Path, language: str) -> list[str]:
    """Return the blocks of a page in one language, with a caption or without."""
    opening = rf"```(?:{language}|\{{code-block\}} {language}\n:caption: [^\n]*\n)\n"
    return re.findall(rf"^{opening}(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)


def blocks(path: Path) -> list[str]:
    return fences(path, "python")


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
    app_module = run(app, "main")
    monkeypatch.setitem(sys.modules, "main", app_module)
    tests = [
        function
        for name, function in vars(run(test, "test_main")).items()
        if name.startswith("test_")
    ]
    for function in tests:
        with ComputeHost() as host:
            have = {"compute_host": host}
            if hasattr(app_module, "HttpIncoming"):
                have["compute_client"] = ComputeClient(
                    host.host, NativeApp(app_module.HttpIncoming)
                )
            function(**{name: have[name] for name in inspect.signature(function).parameters})

    assert len(tests) == len(re.findall(r"^def test_", test, re.MULTILINE))


def test_most_blocks_have_tests() -> None:
    tested = [case for case in CASES if case.values[1]]

    assert len(tested) * 3 > len(CASES)


def on_all_pages(language: str) -> list[str]:
    return [block for path in PAGES for block in fences(path, language)]


LOCAL = [block for block in on_all_pages("toml") if "local_server" in block]


@pytest.mark.parametrize("block", LOCAL)
def test_the_configuration_of_the_local_hosts_is_taken(block: str, tmp_path: Path) -> None:
    (tmp_path / "client.key").write_text("a key")
    server = parse(block, base=tmp_path, source="a page")

    assert server != HostConfig()


COMMANDS = re.findall(r"^\$ fastly-compute (.*)$", "\n".join(on_all_pages("console")), re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_the_command_has_the_options_that_are_shown(command: str) -> None:
    name, *rest = command.split()
    shown = {word for word in rest if word.startswith("-")}
    options = {option for parameter in main.commands[name].params for option in parameter.opts}

    assert shown <= options


def test_the_pages_show_configurations_and_commands() -> None:
    assert (len(LOCAL), len(COMMANDS)) >= (3, 3)


def test_no_python_hides_under_another_name() -> None:
    named = {
        name
        for path in PAGES
        for name in re.findall(r"^```(?:\{code-block\} )?(\w*)", path.read_text(), re.MULTILINE)
    }

    assert named <= {"", "python", "console", "toml", "text"}


def built(path: Path) -> list[str]:
    """Return what a page shows of the build of a small app, without times."""
    (shown,) = re.findall(
        r"^\$ fastly-compute build\n( .*?^bin/[^\n]*\n)",
        path.read_text(),
        re.DOTALL | re.MULTILINE,
    )
    return re.sub(r" [\d.]+ s$", "", shown, flags=re.MULTILINE).splitlines()


def test_the_readme_of_the_command_shows_the_build_of_the_tutorial() -> None:
    """`hatch run wheels:tutorial` compares the tutorial with a real build."""
    readme = DOCS.parent / "packages/fastly-compute-cli/README.md"

    assert built(readme) == built(DOCS / "tutorial.md")
