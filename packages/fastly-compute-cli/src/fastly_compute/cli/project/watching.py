"""Which changes of files make ``serve --watch`` reload."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import watchfiles

from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.app_files import (
    IGNORE_FILE,
    IgnoreRules,
    folders_between,
    is_foreign,
)
from fastly_compute.cli.project.roots import app_roots
from fastly_compute.cli.project.settings import Project

_LOGS = ".log"


class AppFilter(watchfiles.DefaultFilter):
    """Passes on the changes that can change the app.

    Left out are what this command and its tools write (the component, ``bin``, ``pkg``, caches, and
    the files that its own output goes to), environments and hidden folders, ``*.log`` files,
    editors' temporary files, and what ``.fastlyignore`` names.

    Args:
        project: The app.
        config: The file that configures the host, if one is given.

    Example:
        >>> from pathlib import Path
        >>> import watchfiles
        >>> folder = Path.cwd()
        >>> changed = AppFilter(Project(folder=folder), None)
        >>> changed(watchfiles.Change.modified, str(folder / "main.py"))
        True
        >>> changed(watchfiles.Change.modified, str(folder / "server.log"))
        False
    """

    def __init__(self, project: Project, config: Path | None) -> None:
        super().__init__()
        self._roots = [root.resolve() for root in (*app_roots(project), *project.python_path)]
        self._output = project.output.resolve()
        self._config = None if config is None else config.resolve()
        self._ignore_file = (project.folder / IGNORE_FILE).resolve()
        self._rules = IgnoreRules(project.folder)

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        """Tell whether a change counts."""
        file = Path(path)
        if file == self._config:
            return True
        if file == self._ignore_file:
            with suppress(CliError):  # the build reports it
                self._rules = IgnoreRules(file.parent)
            return True
        if file == self._output or file.suffix == _LOGS or not super().__call__(change, path):
            return False
        return not (self._is_foreign(file) or self._rules.ignores(file) or _is_our_output(file))

    def _is_foreign(self, file: Path) -> bool:
        roots = [root for root in self._roots if file.is_relative_to(root)]
        return not roots or any(
            is_foreign(folder, root) for root in roots for folder in folders_between(file, root)
        )


def changes(project: Project, config: Path | None) -> Iterator[None]:
    """Wait for changes of the app's files, and yield after each.

    Args:
        project: The app.
        config: The file that configures the host, if one is given.
    """
    folders = {*app_roots(project), *project.python_path}
    if config is not None:
        folders.add(config)
    passed = AppFilter(project, config)
    for _ in watchfiles.watch(*folders, watch_filter=passed, raise_interrupt=True):
        yield


def _is_our_output(file: Path) -> bool:
    """Tell whether the standard output or error of this process goes to a file."""
    try:
        state = file.stat()
    except OSError:
        return False
    for stream in (1, 2):
        try:
            ours = os.fstat(stream)
        except OSError:  # closed
            continue
        if (ours.st_dev, ours.st_ino) == (state.st_dev, state.st_ino):
            return True
    return False
