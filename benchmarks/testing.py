"""Run pytest as a user does, on nearly empty tests."""

import subprocess
import sys
import time
from pathlib import Path

TESTS = 1000

HOSTED = f"""
import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.mark.parametrize("number", range({TESTS}))
def test_hello(compute_host, compute_client, number):
    compute_host.backend("origin").get("/", text="hello")

    assert compute_client.get("/").text == "hello"
"""

EMPTY = f"""
import pytest


@pytest.mark.parametrize("number", range({TESTS}))
def test_hello(number):
    assert number >= 0
"""


def pytest_seconds(folder: Path, tests: str) -> float:
    """Time a run of pytest, including its start and end."""
    (folder / "test_many.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\n")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--import-mode=importlib"]
    command = [sys.executable, "-m", "pytest", *options, "-o", "pythonpath=.", "test_many.py"]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if f"{TESTS} passed" not in done.stdout:
        raise SystemExit(f"pytest did not pass:\n{done.stdout}{done.stderr}")
    return seconds
