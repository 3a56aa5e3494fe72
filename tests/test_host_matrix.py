"""The page on what hosts do is the one that the suite's own expectations make."""

import functools
import importlib
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APIS = tomllib.loads((ROOT / "tests" / "host_apis.toml").read_text())


def test_the_host_matrix_is_current() -> None:
    command = [sys.executable, ROOT / "tools" / "generate_host_matrix.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("api", sorted({api for api in APIS.values() if api}))
def test_the_api_of_a_row_is_public(api: str) -> None:
    package, name, *attributes = api.split(".")
    module = importlib.import_module(f"fastly_compute.{package}")

    assert name in module.__all__
    assert functools.reduce(inspect.getattr_static, attributes, getattr(module, name))
