"""Runs pytest on a separate test file."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]


@pytest.fixture
def run_pytest(tmp_path: Path) -> Run:
    """Runs a separate test file, and returns pytest's output."""

    def run(code: str, *args: str) -> str:
        (tmp_path / "test_inner.py").write_text(code)
        (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
        return done.stdout + done.stderr

    return run
