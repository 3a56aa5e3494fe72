import os
import pty
import re
import subprocess
import sys

import pytest

from fastly_compute.cli.progress import megabytes, step

CODE = """
import sys
from fastly_compute.cli.progress import step
with step("Composing"):
    sys.stdin.read()
"""


def test_a_step_is_a_plain_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with step("Composing"):
        before = capsys.readouterr()
    after = capsys.readouterr()

    assert (before.out, before.err) == ("", "Composing\n")
    assert (after.out, after.err) == ("", "")


def test_on_a_terminal_a_step_moves_and_ends_with_its_time() -> None:
    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as shown:
        process = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stderr=end)
        os.close(end)
        with process:
            moving = shown.read(100)
        rest = shown.read(100_000)

    assert moving.startswith(b"\r/ Composing 0 s")
    assert re.search(rb"\r  Composing \d+\.\d s\r\n$", rest)


def test_sizes_are_shown_in_megabytes() -> None:
    assert megabytes(18_649_000) == "18.6 MB"
