"""The versions of the other SDKs: the same everywhere, and compared with their registries."""

import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "peer_versions.py"))
COMMANDS, compare = TOOL["COMMANDS"], TOOL["compare"]
NAMED = tomllib.loads(TOOL["VERSIONS"].read_text())
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/guides").glob("*.md")]


@pytest.mark.parametrize("sdk", COMMANDS)
def test_the_pages_name_the_version_that_was_compared(sdk: str) -> None:
    about = NAMED[sdk]
    mention = re.compile(rf"`{about['name']}`\)?(?: \(compared here:)? (\d+(?:\.\d+)+)")
    named = {version for page in PAGES for version in mention.findall(page.read_text())}

    assert named
    assert {about["version"][: len(version)] for version in named} == named


def prints(text: str, status: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; print({text!r}); sys.exit({status})")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (prints("fastly #fastly\nversion: 0.13.2\nrust-version: 1.88.0"), "x 0.13.2: the newest"),
        (prints("github.com/fastly/x v0.13.2"), "x 0.13.2: the newest"),
        (prints("fastly-compute (0.14.0)"), "x 0.13.2: the registry has 0.14.0"),
        (prints("0.13.2", status=1), "x 0.13.2: cannot be compared. "),
        (prints("nothing"), "x 0.13.2: cannot be compared. "),
        (("a-command-that-is-not-installed",), "x 0.13.2: cannot be compared. "),
    ],
    ids=["cargo", "go", "newer", "fails", "prints no version", "is not there"],
)
def test_a_version_is_compared_with_what_the_client_prints(
    command: tuple[str, ...], says: str
) -> None:
    (line,), same = compare({"sdk": {"name": "x", "version": "0.13.2"}}, {"sdk": command})

    assert line.startswith(says)
    assert same == says.endswith("the newest")
