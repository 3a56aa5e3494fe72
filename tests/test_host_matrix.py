"""The page on what hosts do is the one that the suite's own expectations make."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_host_matrix_is_current() -> None:
    command = [sys.executable, ROOT / "tools" / "generate_host_matrix.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
