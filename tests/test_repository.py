"""The repository holds together: one version, one license, and clones that work on Windows."""

import re
import runpy
import subprocess
import tomllib
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
VERSION = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[<>:\"\\|?*].*|.*[. ]")
tool = runpy.run_path(str(ROOT / "tools/set_version.py"))


@pytest.fixture(scope="module")
def tracked() -> dict[str, str]:
    """Each file in git, with its mode."""
    command = ["git", "-C", str(ROOT), "ls-files", "--stage", "-z"]
    if not (ROOT / ".git").exists():
        pytest.skip("only a clone can list the files in git")
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.split("\t") for line in listed.split("\0") if line]
    return {path: stage.split()[0] for stage, path in lines}


def test_coverage_is_measured_with_what_the_tests_need() -> None:
    # CI runs the guest packages on the newest Python there only.
    found = tomllib.loads((ROOT / "hatch.toml").read_text(encoding="utf-8"))["envs"]
    needed = found["hatch-test"]["extra-dependencies"]

    assert set(needed) <= set(found["coverage"]["dependencies"])


def test_no_file_is_a_symbolic_link(tracked) -> None:
    # Git for Windows checks a link out as a text file that holds the target's path.
    assert [path for path, mode in tracked.items() if mode == "120000"] == []


def test_every_path_exists_on_windows_too(tracked) -> None:
    parts = {part for path in tracked for part in PurePosixPath(path).parts}
    folded: dict[str, str] = {}
    clashes = [path for path in tracked if folded.setdefault(path.lower(), path) != path]

    assert [part for part in parts if RESERVED.fullmatch(part)] == []
    assert clashes == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_each_package_ships_the_license(package) -> None:
    assert (package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("package", ["cli", "local", "stubs", "testing"])
def test_what_ships_the_wit_ships_the_notice(package) -> None:
    notice = ROOT / f"packages/fastly-compute-{package}/NOTICE"

    assert notice.read_bytes() == (ROOT / "NOTICE").read_bytes()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_each_package_takes_the_one_version(package) -> None:
    text = (package / "pyproject.toml").read_text(encoding="utf-8")

    assert '\ndynamic = ["version"]\n' in text
    assert '\n[tool.hatch.version]\npath = "../../VERSION"\n' in text


@pytest.mark.parametrize("path", tool["pinned"](), ids=lambda path: path.parent.name)
def test_each_requirement_is_of_the_one_version(path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = [version for _, version in tool["REQUIREMENT"].findall(text)]

    assert set(pins) <= {VERSION}, "run `hatch run set-version VERSION`"
    assert len(pins) == text.count('"fastly-compute-') - text.count('name = "fastly-compute-')
