"""Capture what a guest prints.

It goes through files: wasmtime calls and releases a callback on separate threads, one of which
may outlive the interpreter.
"""

import shutil
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wasmtime import WasiConfig


class StdioCapture:
    """The files that guests print to, reused by one guest after the other."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fastly-compute-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._free: deque[tuple[Path, Path]] = deque()

    @contextmanager
    def by(self, wasi: WasiConfig, output: Callable[[str], None]) -> Iterator[Callable[[], None]]:
        """Show what one guest prints, line by line, when it has ended.

        Args:
            wasi: The guest's configuration, not yet in use.
            output: Called with each line, without the line break.

        Yields:
            A function that shows earlier what was printed so far.
        """
        paths = self._pair()
        wasi.stdout_file, wasi.stderr_file = map(str, paths)
        shown = dict.fromkeys(paths, 0)

        def show() -> None:
            for path, start in shown.items():
                if path.stat().st_size > start:
                    with path.open("rb") as file:
                        file.seek(start)
                        for line in file:
                            output(line.decode(errors="replace").rstrip("\r\n"))
                        shown[path] = file.tell()

        try:
            yield show
        finally:
            show()
            self._free.append(paths)

    def _pair(self) -> tuple[Path, Path]:
        try:
            return self._free.pop()
        except IndexError:
            name = tempfile.mktemp(prefix="", dir=self._folder)  # noqa: S306 - in a private folder
            return Path(f"{name}.out"), Path(f"{name}.err")
