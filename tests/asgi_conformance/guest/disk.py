"""A temporary folder for a test: what it writes there is kept as the files of a component are.

A sandbox has no disk, but an app may serve and read files that the build put into the component.
"""

import builtins
import io
import os
import time
from itertools import count
from pathlib import Path

import pytest

try:
    import fastly_compute_files as files
except ImportError:
    files = None  # on the native host, which has a disk

numbers = count()


@pytest.fixture
def tmp_path():
    folder = Path(f"/temporary/{next(numbers)}")
    folder.mkdir()
    return folder


@pytest.fixture
def tmpdir(tmp_path):
    return tmp_path


class Written(io.BytesIO):
    """A file that is kept once it is closed."""

    def __init__(self, path):
        super().__init__()
        self._path = path

    def close(self):
        if not self.closed:
            files.add(str(Path(self._path).absolute()), self.getvalue(), int(time.time()))
        super().close()


def install():
    """Let `open` write files, and `os.mkdir` make folders."""
    if files is None:
        return
    read = builtins.open

    def open_file(file, mode="r", *arguments, **options):
        if "w" not in mode:
            return read(file, mode, *arguments, **options)
        written = Written(file)
        return written if "b" in mode else io.TextIOWrapper(written, "utf-8")

    def make_folder(path, *arguments, **options):
        files.add(str(Path(path, ".folder")), b"", int(time.time()))

    builtins.open = io.open = open_file
    os.mkdir = make_folder
