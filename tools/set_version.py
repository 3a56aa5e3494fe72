"""Set the version of all packages, and of what depends on them: `hatch run set-version 0.2.0`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSION = ROOT / "VERSION"
REQUIREMENT = re.compile(r"(\"fastly-compute-[a-z0-9-]+~=)([^\"]+)")


def pinned() -> list[Path]:
    """Return the files that require packages of this repository."""
    folders = ("packages/*", "examples/*")
    return sorted(path for name in folders for path in ROOT.glob(f"{name}/pyproject.toml"))


def main(version: str) -> None:
    """Write a version into the file VERSION and into every requirement."""
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        raise SystemExit(f"invalid version: {version!r} (such as 0.2.0 or 0.2.0rc1)")
    VERSION.write_text(f"{version}\n", encoding="utf-8")
    for path in pinned():
        old = path.read_text(encoding="utf-8")
        new = REQUIREMENT.sub(rf"\g<1>{version}", old)
        path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: hatch run set-version VERSION")
    main(sys.argv[1])
