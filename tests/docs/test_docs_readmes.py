"""The READMEs, which PyPI shows and the site includes."""

import builtins
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.cli import main

ROOT = Path(__file__).parents[2]
READMES = sorted(ROOT.glob("packages/*/README.md"))
# Where the Python of a README is run, block by block.
RUN_BY = {
    "acl": ("test_acl_on_host.py",),
    "backend": ("test_backend_on_host.py", "test_backend_policy.py"),
    "cache": ("test_cache_readme.py",),
    "config-store": ("test_config_store_on_host.py",),
    "core": ("test_core_package.py",),
    "device-detection": ("test_device_detection_on_host.py",),
    "erl": ("test_erl_on_host.py",),
    "fanout": ("test_fanout_readme.py",),
    "geo": ("test_geo_on_host.py",),
    "http": ("test_http_readme.py",),
    "kv-store": ("test_kv_readme.py",),
    "log": ("test_log_readme.py",),
    "requests": ("test_requests_readme.py",),
    "secret-store": ("test_secret_store_on_host.py",),
    "runtime": ("test_runtime_readme.py",),
    "shielding": ("test_shielding_readme.py",),
    "security": ("test_security_readme.py",),
    "image-optimizer": ("test_image_optimizer_readme.py",),
    "httpx": ("test_httpx_readme.py",),
    "urllib3": ("test_urllib3_readme.py",),
    "stubs": ("test_stubs_readme.py",),
    "testing": ("test_testing_plugin.py",),
    "wsgi": ("test_wsgi_readme.py",),
    "asgi": ("test_asgi_readme.py",),
}


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)


def run(code: str) -> ModuleType:
    module = ModuleType("readme")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


@pytest.mark.parametrize("path", READMES, ids=[path.parent.name for path in READMES])
def test_a_readme_says_what_it_is_and_how_to_install_it(path: Path) -> None:
    name, text = path.parent.name, path.read_text()

    assert text.startswith(f"# {name}\n")
    assert f"pip install {name}" in text


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def links(text: str) -> list[str]:
    prose = re.sub(r"`[^`\n]*`", "", without_blocks(text))
    inline = re.findall(r"\]\(\s*<?([^)\s>]*)", prose)
    named = re.findall(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]*)", prose, re.MULTILINE)
    return inline + named + re.findall(r"\b(?:href|src)\s*=\s*[\"']?([^\"'\s>]*)", prose)


@pytest.mark.parametrize(
    "text",
    [
        "[a](../b)",
        "![a](b.png)",
        "[`a`](<b.md>)",
        "[a]: ../b 'c'",
        '<img src="b.png">',
        "<a href=b>",
    ],
)
def test_a_relative_link_is_found_however_it_is_written(text: str) -> None:
    (found,) = links(f"Some `[code](x)`\n\n```python\na = b[c](d)\n```\n\n{text}\n")

    assert found in {"../b", "b.png", "b.md", "b"}


@pytest.mark.parametrize("path", READMES, ids=[path.parent.name for path in READMES])
def test_every_link_of_a_readme_leads_somewhere_from_pypi_as_well(path: Path) -> None:
    text = path.read_text()
    headings = re.findall(r"^#+ (.*)$", without_blocks(text), re.MULTILINE)
    anchors = {f"#{re.sub(r'[^a-z0-9 _-]', '', one.lower()).replace(' ', '-')}" for one in headings}
    ours = {f"https://pypi.org/project/{readme.parent.name}/" for readme in READMES}

    for link in links(text):
        assert link in anchors or link.startswith("https://"), link
        if "fastly-compute-" in link:
            assert link in ours, link


def public_names(path: Path) -> str:
    section = re.split(r"^## (?:Public names|Names)$", path.read_text(), flags=re.MULTILINE)[1:]
    table = re.search(r"(?:^\|.*\n)+", "".join(section), re.MULTILINE)
    return table[0].partition("|---|---|\n")[2] if table else ""


WITH_NAMES = [path for path in READMES if public_names(path)]


@pytest.mark.parametrize("path", WITH_NAMES, ids=[path.parent.name for path in WITH_NAMES])
def test_the_table_of_public_names_has_all_and_no_others(path: Path) -> None:
    name = path.parent.name.removeprefix("fastly-compute-").replace("-", "_")
    package = importlib.import_module(f"fastly_compute.{name}")
    public = {name: getattr(package, name) for name in package.__all__ if name != "__version__"}
    classes = [value for value in public.values() if inspect.isclass(value)]
    codes = re.findall(r"`([^`]*)`", public_names(path))
    cells = re.findall(r"^\| (.*?) \|", public_names(path), re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`(\w+)", cell)}
    shown = {word for code in codes for word in re.findall(r"\w+", code)}
    # Of the exceptions of `requests`, the table says only that all are there.
    shown |= vars(public["exceptions"]).keys() if "exceptions" in public else set()

    assert not public.keys() - shown
    assert not listed - public.keys() - vars(builtins).keys()
    for code in codes:
        if call := re.fullmatch(r"(?:[A-Z]\w*\.)?(\w+)\((.*)\)", code):
            called = [public[call[1]]] if call[1] in public else []
            called += [getattr(owner, call[1], None) for owner in classes]
            arguments = set(re.findall(r"(?:^|, )(\w+)", call[2]))
            taken = [inspect.signature(one).parameters.keys() for one in called if callable(one)]
            assert any(arguments <= names for names in taken), code


def test_most_readmes_have_a_table_of_public_names() -> None:
    assert len(WITH_NAMES) >= 8


def test_the_python_of_every_readme_is_run_somewhere() -> None:
    here = {"local"}
    with_python = {
        path.parent.name.removeprefix("fastly-compute-") for path in READMES if blocks(path)
    }

    assert with_python == set(RUN_BY) | here
    for package, files in RUN_BY.items():
        for file in files:
            test = ROOT / f"packages/fastly-compute-{package}/tests/{file}"
            assert "README" in test.read_text(), test


def test_the_whole_app_of_the_local_packages_readme_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (app,) = blocks(ROOT / "README.md")
    monkeypatch.setitem(sys.modules, "main", run(app))
    shown = run(blocks(ROOT / "packages/fastly-compute-local/README.md")[1])

    shown.test_the_front_page()


def test_the_commands_of_the_readmes_are_real() -> None:
    text = "\n".join(path.read_text() for path in [ROOT / "README.md", *READMES])
    shown = set(re.findall(r"^\$ fastly-compute (\S+)", text, re.MULTILINE))
    environments = (ROOT / "hatch.toml").read_text()
    scripts = set(re.findall(r"`?hatch run (\w+:\w+)", text))

    assert shown
    assert shown <= main.commands.keys()
    assert scripts
    for script in scripts:
        environment, name = script.split(":")
        section = environments.partition(f"[envs.{environment}.scripts]")[2].partition("\n[")[0]
        assert f"\n{name} = " in section, script


def test_every_command_of_the_root_readme_is_run_by_ci() -> None:
    blocks = re.findall(
        r"^```console\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    commands = re.findall(r"^\$ (.*)$", "".join(blocks), re.MULTILINE)
    ci = (ROOT / ".ci" / "run").read_text()
    reading = re.search(r"^ *mapfile -t commands < <\((sed .*)\)$", ci, re.MULTILINE)
    assert reading
    run = subprocess.run(
        ["bash", "-c", reading[1]], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert len(commands) >= 2
    assert run.stdout.splitlines() == commands
