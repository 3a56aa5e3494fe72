"""The tests that the examples bring with them: each example's in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from fastly_compute.cli.commands.doctor import examine
from fastly_compute.cli.project.settings import load_project

EXAMPLES = Path(__file__).parent.parent / "examples"
OWN_TESTS = {
    "bottle-app": 15,
    "cache-starter-kit": 17,
    "cookbook": 114,
    "django-app": 15,
    "edge-guard": 9,
    "edge-proxy": 13,
    "fanout-starter-kit": 17,
    "first-look": 10,
    "flask-app": 15,
    "hello": 2,
    "object-storage": 8,
    "quart-app": 12,
    "starlette-app": 15,
    "structured-logs": 8,
    "url-shortener": 38,
}


@pytest.mark.parametrize(("name", "count"), OWN_TESTS.items(), ids=OWN_TESTS)
def test_an_examples_own_tests_pass(name, count, copy) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "-q"]
    done = subprocess.run(
        command, cwd=copy(EXAMPLES / name), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert f"{count} passed" in done.stdout


def test_every_example_with_tests_is_here() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/test_*.py")} == set(OWN_TESTS)


# What doctor notes of apps that are as they should be: advice, and what is on this machine.
ADVICE = (
    "a URL can lead to any host",
    "dependencies with machine code",
    "the fastly CLI ",
    "Viceroy ",
)
# On Fastly, it must not find the key of the Pushpin on this machine.
ONLY_HERE = {"fanout-starter-kit": "[setup.secret_stores] lacks fanout,"}


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/main.py")))
def test_doctor_finds_nothing_to_mend_in_an_example(name) -> None:
    findings = list(examine(load_project(EXAMPLES / name)))
    others = [
        finding.text
        for finding in findings
        if finding.mark != "ok" and not finding.text.startswith(ADVICE)
    ]

    assert f"entry main at {EXAMPLES / name / 'main.py'}" in {finding.text for finding in findings}
    expected = ONLY_HERE.get(name)
    assert len(others) == (expected is not None)
    assert expected is None or expected in others[0]
