"""The fastly CLI builds, validates and would publish what the tools here make."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from fastly_compute.cli.cache import cache_folder

ROOT = Path(__file__).parent.parent
VERSION = "16.1.0"

pytestmark = pytest.mark.xdist_group("edge-proxy")


@pytest.fixture(scope="session")
def fastly():
    """The fastly CLI, from npm, installed once into the cache."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, and the fastly CLI comes from there")
    folder = cache_folder() / f"fastly-cli-{VERSION}"
    command = folder / "node_modules/.bin/fastly"
    if not command.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([*install, f"@fastly/cli@{VERSION}"], check=True, capture_output=True)
    return command


@pytest.fixture
def run(fastly, tmp_path):
    """Runs a command in a copy of the app; the fastly CLI finds `fastly-compute` on PATH."""
    app = tmp_path / "edge-proxy"
    ignored = shutil.ignore_patterns("bin", "pkg", "__pycache__")
    shutil.copytree(ROOT / "examples/edge-proxy", app, ignore=ignored)
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
