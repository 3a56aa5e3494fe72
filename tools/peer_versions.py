"""Compare the versions of the other SDKs that the site names with those that the registries have.

``hatch run docs:peers`` asks each registry by its own client: cargo, npm, go and pip. It exits with
1 if a registry has a newer version, or could not be asked.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = ROOT / "docs" / "comparison" / "versions" / "versions.toml"
# Each prints the newest version, within more text.
COMMANDS = {
    "rust": ("cargo", "info", "--color", "never", "fastly"),
    "go": ("go", "list", "-m", "github.com/fastly/compute-sdk-go@latest"),
    "javascript": ("npm", "view", "@fastly/js-compute", "version"),
    "upstream": ("pip", "index", "versions", "--python-version=3.14", "fastly-compute"),
}
FOUND = re.compile(r"(?:^version: |^| v|\()(\d+\.\d+\.\d+)\b", re.MULTILINE)


def newest(command: tuple[str, ...]) -> str:
    """Return the version that a command prints.

    Raises:
        OSError: The command failed, is not installed, or prints no version.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = FOUND.search(done.stdout)
    if done.returncode or found is None:
        said = (done.stderr or done.stdout).strip() or "no version printed"
        raise OSError(f"{' '.join(command)}: {said}")
    return found[1]


def compare(
    named: Mapping[str, Mapping[str, str]], commands: Mapping[str, tuple[str, ...]]
) -> tuple[list[str], bool]:
    """Return a line for each SDK, and whether all are the newest."""
    lines, same = [], True
    for sdk, command in commands.items():
        about = named[sdk]
        line = f"{about['name']} {about['version']}"
        try:
            version = newest(command)
        except OSError as error:
            line, same = f"{line}: cannot be compared. {error}", False
        else:
            if version == about["version"]:
                line = f"{line}: the newest"
            else:
                line, same = f"{line}: the registry has {version}", False
        lines.append(line)
    return lines, same


def main() -> int:
    """Print how the versions compare."""
    lines, same = compare(tomllib.loads(VERSIONS.read_text(encoding="utf-8")), COMMANDS)
    print("\n".join(lines))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
