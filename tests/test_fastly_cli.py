"""The fastly CLI builds, validates and would publish what the tools here make."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from fastly_compute.cli.project.cache import cache_folder

ROOT = Path(__file__).parent.parent
INSTALLED = cache_folder() / "fastly-cli/node_modules/.bin"

pytestmark = pytest.mark.xdist_group("edge-proxy")


@pytest.fixture
def fastly() -> str:
    """The fastly CLI; in CI it must be there wherever npm is."""
    found = shutil.which("fastly") or shutil.which("fastly", path=str(INSTALLED))
    if found is not None:
        return found
    missing = "the fastly CLI is not installed: run `hatch run fastly:install`, which needs npm"
    if os.environ.get("CI") == "true" and shutil.which("npm"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def run(fastly, copy, tmp_path):
    """Runs a command in a copy of the app; the fastly CLI finds `fastly-compute` on PATH."""
    app = copy(ROOT / "examples/edge-proxy")
    home = tmp_path / "home"
    home.mkdir()
    cache = str(cache_folder())
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    environment = {**os.environ, "HOME": str(home), "PATH": path, "FASTLY_COMPUTE_CACHE": cache}

    def run(*command):
        done = subprocess.run(
            [str(part) for part in command],
            cwd=app,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    run.app = app
    run.environment = environment
    run.fastly = fastly
    return run


def test_fastly_compute_build_makes_a_valid_package(run) -> None:
    run(run.fastly, "compute", "build", "--non-interactive")
    said = run(run.fastly, "compute", "validate", "--package", "pkg/edge-proxy.tar.gz")

    assert "Validated package" in said


def test_what_pack_makes_is_a_valid_package(run) -> None:
    run("fastly-compute", "build")
    run("fastly-compute", "pack")
    said = run(run.fastly, "compute", "validate", "--package", "pkg/edge-proxy.tar.gz")

    assert "Validated package" in said


def test_a_component_without_passes_is_valid(run) -> None:
    run("fastly-compute", "build", "--optimize", "none")
    run("fastly-compute", "pack")
    said = run(run.fastly, "compute", "validate", "--package", "pkg/edge-proxy.tar.gz")

    assert "Validated package" in said
