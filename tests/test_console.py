"""What the documentation shows of a console is compared with what happens."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parent.parent / "tools/console.py"
differs = runpy.run_path(str(TOOL))["differs"]


@pytest.mark.parametrize(
    ("shown", "happened"),
    [
        ("Hello\n", "Hello\n"),
        ("Made 15 modules in 8.9 s\n", "Made 15 modules in 12 s\n"),
        ("GET / 200 in 5.7 ms\n", "GET / 200 in 1204.0 ms\n"),
        ("17.9 MB (6.8 MB packed)\n", "18.7 MB (6.5 MB packed)\n"),
        ("It is at http://127.0.0.1:37323.\n", "It is at http://127.0.0.1:5555.\n"),
        ("one … three\n", "one two three\n"),
        ("first\n…\nlast\n", "first\nlast\n"),
        ("first\n  …\nlast\n", "first\n2\n3\nlast\n"),
    ],
)
def test_what_varies_may_differ(shown: str, happened: str) -> None:
    assert not differs(shown, happened)


@pytest.mark.parametrize(
    ("shown", "happened"),
    [
        ("Hello\n", "Hello\nWarning\n"),
        ("Hello\n", "hello\n"),
        ("Made 15 modules in 8.9 s\n", "Made 16 modules in 8.9 s\n"),
        ("GET / 200 in 5.7 ms\n", "GET / 502 in 5.7 ms\n"),
        ("17.9 MB (6.8 MB packed)\n", "19.1 MB (6.8 MB packed)\n"),
        ("17.9 MB (6.8 MB packed)\n", "17.9 MB (6.3 MB packed)\n"),
        ("0.2 MB\n", "0.3 MB\n"),
        ("It is at http://127.0.0.1:7676.\n", "It is at http://127.0.0.1:5555.\n"),
        ("first\n…\nlast\n", "first\nlast but one\n"),
    ],
)
def test_nothing_else_may(shown: str, happened: str) -> None:
    assert differs(shown, happened)


PAGE = "```console\n$ pip install it && it\nReady in 3 s\n$ other\n```\n"


@pytest.mark.parametrize(
    ("command", "output", "code"),
    [
        ("pip install it && it", "Installing\nReady in 4 s\n", 0),
        ("pip install it && it", "Installing\n", 1),
        ("pip install it && it", "Ready in 4 s\nFailed\n", 1),
        ("other", "", 1),
    ],
)
def test_a_page_is_compared_with_a_file(
    command: str, output: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    (tmp_path / "output.txt").write_text(output)
    arguments = [str(tmp_path / "page.md"), command, str(tmp_path / "output.txt")]
    done = subprocess.run(
        [sys.executable, TOOL, *arguments], capture_output=True, text=True, check=False
    )

    assert done.returncode == code, done.stderr
