"""Generate the bindings that fastly-compute-local ships, with componentize-py, from the WIT."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
WIT = ROOT / "packages/fastly-compute-cli/src/fastly_compute/cli/wit"
STUBS = ROOT / "packages/fastly-compute-local/src/fastly_compute/local/bindings"
WORLD = "fastly:compute/service@0.1.0"
# The other generated files are for async functions, which this WIT does not have.
KEPT = ("componentize_py_runtime.pyi", "componentize_py_types.py", "wit_world")


def generate(target: Path) -> None:
    """Write the stubs into an existing folder."""
    with tempfile.TemporaryDirectory() as scratch:
        run = "import sys; from componentize_py import script; sys.exit(script())"
        tool = [sys.executable, "-c", run, "-d", str(WIT), "-w", WORLD, "bindings", scratch]
        subprocess.run(tool, check=True)
        for name in KEPT:
            source = Path(scratch, name)
            if source.is_dir():
                shutil.copytree(source, target / name)
            else:
                shutil.copy(source, target / name)


if __name__ == "__main__":
    for old in KEPT:
        path = STUBS / old
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    generate(STUBS)
