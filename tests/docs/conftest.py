"""The site, and what its examples say of the whole app, which holds for their own test alone."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastly_compute.urllib3 import extract_from_http_client, extract_from_urllib3

DOCS = Path(__file__).parents[2] / "docs"
WHERE = "this is for hatch run docs:test, whose environment has what it takes"


@pytest.fixture(autouse=True)
def policy_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back the policy on dynamic backends, and their defaults."""
    for name in ("policy", "defaults"):
        module = importlib.import_module(f"fastly_compute.backend.{name}")
        for variable, value in vars(module).items():
            if variable.startswith("_") and variable[1] != "_" and not callable(value):
                monkeypatch.setattr(module, variable, value)


@pytest.fixture(autouse=True)
def connections_of_the_example() -> Iterator[None]:
    """Take back what an example injects: a browser's driver needs real connections."""
    yield
    extract_from_http_client()
    extract_from_urllib3()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that was built without a warning."""
    pytest.importorskip("sphinx", reason=WHERE)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "--quiet"]
    command += ["-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"
