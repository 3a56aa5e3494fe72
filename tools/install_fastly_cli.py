"""Install the fastly CLI from npm into the cache, where the tests find it."""

import shutil
import subprocess
import sys

from fastly_compute.cli.project.cache import cache_folder

VERSION = "16.1.0"


def main() -> int:
    """Install it, unless it is already installed."""
    folder = cache_folder() / "fastly-cli"
    program = folder / "node_modules/.bin/fastly"
    if program.exists():
        print(f"The fastly CLI is installed: {program}")
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print(
            "npm, which installs the fastly CLI, is not installed; the CLI's tests will be skipped"
        )
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
    return subprocess.run([*install, f"@fastly/cli@{VERSION}"]).returncode


if __name__ == "__main__":
    sys.exit(main())
