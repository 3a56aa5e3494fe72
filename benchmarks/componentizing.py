"""Run componentize-py alone, without the other steps of `fastly-compute build`."""

import subprocess
import sys
from pathlib import Path

WIT = Path(__file__).parent.parent / "packages/fastly-compute-cli/src/fastly_compute/cli/wit"
_RUN = "import sys; from componentize_py import script; sys.exit(script())"


def componentize(folder: Path, module: str, output: Path) -> None:
    """Turn a module into a component, which no Compute host accepts yet."""
    world = ["-d", str(WIT), "-w", "fastly:compute/service@0.1.0"]
    tool = [sys.executable, "-c", _RUN, "-q", *world, "componentize", "-p", str(folder), module]
    subprocess.run([*tool, "-o", str(output)], check=True)
