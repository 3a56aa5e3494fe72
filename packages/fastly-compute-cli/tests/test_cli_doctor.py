"""The checks of `doctor`, each on an app that has the problem."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.commands.checks.manifest import check_manifest
from fastly_compute.cli.commands.checks.secrets import check_secrets
from fastly_compute.cli.commands.checks.shadowing import check_shadowing
from fastly_compute.cli.commands.checks.tools import check_tools
from fastly_compute.cli.commands.checks.versions import check_versions
from fastly_compute.cli.project.settings import Project

Write = Callable[[str, str], Path]

MANIFEST = """
manifest_version = 3
name = "shop"
language = "other"
scripts.build = "fastly-compute build"
"""
RANDOM = "x9Kq3vT7" + "bZ1mW5rY"
TOKENS = {
    "a private key": "-----BEGIN EC " + "PRIVATE KEY-----",
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitLab token": "glpat-" + "a1B2" * 5,
    "a Google API key": "AIza" + "a1B2c" * 7,
    "a Slack token": "xoxb-" + "1234567890",
    "a Stripe key": "sk_live_" + "a1B2" * 4,
}


def problems(findings: list[Finding]) -> list[str]:
    return [f"{finding.mark} {finding.text}" for finding in findings if finding.mark != "ok"]


def test_what_is_installed_here_fits_together() -> None:
    findings = list(check_versions())

    assert problems(findings) == []
    assert any(finding.text.startswith("componentize-py 0.25.") for finding in findings)


def test_versions_that_do_not_fit_are_found(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("site/wasmtime-1.0.dist-info/METADATA", "Name: wasmtime\nVersion: 1.0\n")
    write("site/odd-9.dist-info/METADATA", "Name: fastly-compute-geo\nVersion: 9.0\n")
    monkeypatch.syspath_prepend(folder / "site")

    wasmtime, geo = problems(list(check_versions()))
    assert wasmtime.startswith("wrong wasmtime 1.0 does not fit, fastly-compute-cli needs ")
    assert ': pip install "wasmtime' in wasmtime
    assert geo.startswith("wrong fastly-compute-geo 9.0 does not fit the other fastly-compute-*")
    assert ": pip install fastly-compute-geo==0." in geo


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("json.py", "has the name of a module of Python's standard library"),
        ("src/email/__init__.py", "has the name of a module of Python's standard library"),
        ("wit_world.py", "hides the SDK's bindings of that name: rename it"),
    ],
)
def test_a_module_with_a_name_that_is_taken_is_found(
    name: str, said: str, folder: Path, write: Write
) -> None:
    write("main.py", "")
    path = write(name, "")
    project = Project(folder=folder)

    (problem,) = problems(list(check_shadowing(project, [folder])))
    assert problem.startswith(f"wrong {str(path).removesuffix('/__init__.py')} ")
    assert said in problem


@pytest.fixture
def viceroy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a program that says a version, as Viceroy does."""

    def make(number: str) -> Path:
        program = folder / "viceroy"
        program.write_text(f"#!/bin/sh\necho 'viceroy {number}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("VICEROY", str(program))
        return program

    return make


def test_an_old_viceroy_is_found(viceroy: Callable[[str], Path]) -> None:
    program = viceroy("0.9.1")

    assert f"note Viceroy 0.9.1 at {program} is older than 0.22.0" in problems([*check_tools()])[0]


def test_a_viceroy_of_today_is_well(
    viceroy: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = viceroy("0.22.0")
    monkeypatch.setenv("PATH", "/nowhere")
    first, second = check_tools()

    assert first == Finding("ok", f"Viceroy 0.22.0 at {program}")
    assert second.mark == "note"
    assert "to deploy, install it: https://www.fastly.com/" in second.text


def test_a_complete_manifest_is_well(folder: Path, write: Write) -> None:
    write("fastly.toml", MANIFEST)

    assert list(check_manifest(folder)) == [Finding("ok", "fastly.toml is valid")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("manifest_version = 3", "", "wrong fastly.toml: write manifest_version = 3"),
        ('"shop"', '" "', "wrong fastly.toml: name is missing"),
        ('"other"', '"python"', 'note fastly.toml: write language = "other"'),
        ("build =", "run =", "note fastly.toml: for fastly compute build, write [scripts]"),
        ("name", "nmae = 1\nname", "note fastly.toml: the key 'nmae' is not known"),
        ("name", "name = ", "fastly.toml is not valid TOML"),
        (
            '"fastly-compute build"',
            '"b"\n[local_server.backends.origin]\nurl = "ftp://a"',
            "wrong {folder}/fastly.toml: [local_server.backends.origin] url = ",
        ),
        (
            '"fastly-compute build"',
            '"b"\n[local_server.backends.origin]\nurl = "http://a"\n[setup.backends.other]',
            "note fastly.toml: [setup.backends] lacks origin, which [local_server] has",
        ),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(
    old: str, new: str, said: str, folder: Path, write: Write
) -> None:
    write("fastly.toml", MANIFEST.replace(old, new, 1))
    found = problems(list(check_manifest(folder)))

    assert said.format(folder=folder) in found[0]


@pytest.mark.parametrize("what", TOKENS)
def test_a_token_is_found_where_it_is_and_not_shown(what: str, folder: Path, write: Write) -> None:
    write("main.py", f'import shop\n\nVALUE = """{TOKENS[what]}"""\n')
    (problem,) = problems(list(check_secrets(Project(folder=folder))))

    assert problem.startswith(f"wrong main.py:3 has {what}, which everyone who has the component")
    assert "fastly_compute.secret_store" in problem
    assert TOKENS[what] not in problem


@pytest.mark.parametrize(
    "line",
    [
        "API_KEY = '{}'",
        "signing_key: bytes = b'{}'",
        "config.password = '{}'",
        "headers['Fastly-Key'] = '{}'",
        "headers = {{'x-auth-token': '{}'}}",
        "connect(client_secret='{}')",
    ],
)
def test_a_random_value_with_a_telling_name_is_found(line: str, folder: Path, write: Write) -> None:
    write("shop/edge.py", line.format(RANDOM))
    (problem,) = problems(list(check_secrets(Project(folder=folder))))

    assert problem.startswith("wrong shop/edge.py:1 has what looks like the value of ")
    assert RANDOM not in problem


@pytest.mark.parametrize(
    "line",
    [
        "API_KEY_NAME = '{}'",
        "token = store['signing-key-of-today-1']",
        "TOKEN = 'the-name-of-the-secret'",
        "PASSWORD = 'correct horse battery 1'",
        "etag = '{}'",
        "api_key = 'https://example.com/0'",
        "def f(token='{}'[0:0]): pass",
    ],
)
def test_names_and_other_values_are_not_taken_for_secrets(
    line: str, folder: Path, write: Write
) -> None:
    write("main.py", line.format(RANDOM))

    assert problems(list(check_secrets(Project(folder=folder)))) == []


def test_what_a_build_does_not_read_is_not_searched(folder: Path, write: Write) -> None:
    write(".fastlyignore", "notes/\n")
    for name in ("notes/a.py", ".venv/b.py", "bin/c.py"):
        write(name, f"API_KEY = '{RANDOM}'")

    assert problems(list(check_secrets(Project(folder=folder)))) == []
