"""Try the newest wasmtime and componentize-py, whatever versions the packages allow.

Run it with `hatch run newest:try`.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOLS = ("wasmtime", "componentize-py")
NEEDED = ("pytest<9.2", "pytest-randomly", "pytest-xdist", "trustme")
TESTS = (
    "tests/test_upstream.py",
    "tests/test_edge_proxy.py",
    "tests/test_hosts.py",
)
# What neither of the two is part of runs elsewhere.
CHOSEN = "not viceroy and not native"


def environment(folder: Path) -> str:
    """Make an environment with this checkout's packages and the newest tools; return its Python."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = sorted(ROOT.glob("packages/fastly-compute-*"))
    editable = [argument for package in packages for argument in ("--editable", str(package))]
    install = ["uv", "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run(["uv", "venv", "--quiet", str(folder)], check=True)
    subprocess.run([*install, *editable, *NEEDED], check=True)
    # On their own: with the packages, these would keep within what the packages allow.
    subprocess.run([*install, "--upgrade", *TOOLS], check=True)
    return str(python)


def main() -> int:
    """Install, test, and say which versions passed or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="*", default=TESTS, help="other tests than the usual ones")
    tests: list[str] = parser.parse_args().tests
    with tempfile.TemporaryDirectory() as name:
        try:
            python = environment(Path(name, "venv"))
        except subprocess.CalledProcessError as error:
            print(f"FAILED: {' '.join(error.cmd[:3])} ended with exit code {error.returncode}")
            return 1
        versions = "from importlib.metadata import version; import sys\n"
        versions += "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
        shown = subprocess.run(
            [python, "-c", versions, *TOOLS], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        print(f"Testing {shown}", flush=True)
        options = ["-q", "-n", "2", "--dist=loadgroup", "-k", CHOSEN]
        failed = subprocess.run([python, "-m", "pytest", *options, *tests], cwd=ROOT).returncode
    print(f"{'FAILED' if failed else 'passed'}: {shown}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
