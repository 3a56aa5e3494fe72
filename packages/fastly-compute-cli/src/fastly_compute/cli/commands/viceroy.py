"""Finding and running Viceroy, Fastly's own local host."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from fastly_compute.cli.project.cache import cache_folder

VERSION = "0.22.0"
INSTALL = f"cargo install viceroy --version {VERSION} --locked"
_READY = re.compile(r"Listening on (http://\S+)")


def install_folder() -> Path:
    """Return the folder of the cache that this repository's own installation goes to."""
    return cache_folder() / f"viceroy-{VERSION}"


def find_viceroy() -> str | None:
    """Return the path of ``$VICEROY``, or of ``viceroy`` on PATH or in the cache, or None."""
    given = os.environ.get("VICEROY")
    if given:
        return shutil.which(given)
    return shutil.which("viceroy") or shutil.which("viceroy", path=install_folder() / "bin")


class Viceroy:
    """A running Viceroy; what it says goes to the standard error.

    Args:
        command: The command line.
        ready: Is called, in a thread, with its URL once it listens.
    """

    def __init__(self, command: Sequence[str], ready: Callable[[str], None]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the user's own viceroy
            command, stdout=subprocess.PIPE, text=True, errors="replace"
        )
        self._ready = ready
        self._thread = threading.Thread(target=self._pass_on)
        self._thread.start()

    def _pass_on(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                click.echo(line, nl=False, err=True)
                found = _READY.search(line)
                if found:
                    self._ready(found[1])

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """End it, if it has not ended."""
        self._process.terminate()
        try:
            self._process.wait()
        except BaseException:
            self._process.kill()
            raise
        self._thread.join()
