"""The files of an app: what a build reads, and what a watcher follows."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pathspec

from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.settings import Project

IGNORE_FILE = ".fastlyignore"
_OWN_FOLDERS = frozenset({"bin", "pkg", "node_modules"})
_HOST_CONFIGURATION = frozenset({"fastly.toml", "viceroy.toml"})
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})


def is_environment(folder: Path) -> bool:
    """Tell whether a folder is a Python environment (venv, conda), or the packages of one."""
    return (
        folder.name in _PACKAGE_FOLDERS
        or (folder / "pyvenv.cfg").exists()
        or (folder / "conda-meta").is_dir()
    )


def folders_between(file: Path, root: Path) -> Iterator[Path]:
    """List the folders that a file is in, from its own up to the one below a root.

    Args:
        file: The file; a file outside the root has none.
        root: The root, which is not among them.
    """
    return (path for path in file.parents if path != root and path.is_relative_to(root))


class IgnoreRules:
    """The rules of an app's ``.fastlyignore``, which are those of gitignore.

    Args:
        folder: The app's folder. Without the file, nothing is ignored.

    Raises:
        CliError: The file cannot be read, or has a line that is not a pattern.

    Example:
        >>> from pathlib import Path
        >>> IgnoreRules(Path("/no/such/folder")).ignores(Path("/no/such/folder/main.py"))
        False
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        path = folder / IGNORE_FILE
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        except (OSError, UnicodeDecodeError) as error:
            raise CliError(f"cannot read {path}: {error}") from error
        try:
            self._spec = pathspec.GitIgnoreSpec.from_lines(lines)
        except ValueError as error:
            raise CliError(f"{path} has a line that is not a gitignore pattern: {error}") from error

    def ignores(self, file: Path) -> bool:
        """Tell whether a file is ignored; one outside the app's folder is not."""
        if not file.is_relative_to(self._folder):
            return False
        return self._spec.match_file(file.relative_to(self._folder).as_posix())


def app_files(
    project: Project, root: Path, rules: IgnoreRules | None = None
) -> Iterator[tuple[str, Path]]:
    """List the files of one of the app's own import roots that a build depends on.

    Left out are the component, ``bin``, ``pkg`` and ``node_modules``, fastly.toml and viceroy.toml,
    hidden folders, Python environments, bytecode, and what ``.fastlyignore`` names.

    Args:
        project: The app.
        root: The root, resolved.
        rules: The app's rules, where they have been read before.

    Yields:
        Each file's path below the root, with ``/``, and the file.
    """
    rules = rules or IgnoreRules(project.folder)
    output = project.output.resolve()
    for name, file in all_files(root, skip=is_foreign):
        if name not in _HOST_CONFIGURATION and file != output and not rules.ignores(file):
            yield name, file


def is_foreign(folder: Path, root: Path) -> bool:
    """Tell whether nothing in a folder below an app's own root is the app's."""
    top = folder.parent == root and folder.name in _OWN_FOLDERS
    return top or folder.name.startswith(".") or is_environment(folder)


def all_files(
    root: Path, skip: Callable[[Path, Path], bool] = lambda folder, root: False
) -> Iterator[tuple[str, Path]]:
    """List the files below a folder, except bytecode.

    Args:
        root: The folder.
        skip: Called with each folder and the root; tells whether the folder is left out.

    Yields:
        Each file's path below the root, with ``/``, and the file.
    """
    return ((name, Path(entry.path)) for name, entry in entries(root, skip))


def entries(
    root: Path, skip: Callable[[Path, Path], bool] = lambda folder, root: False
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """List what `all_files` does as the system lists it, which takes a third of the time."""
    seen = set()
    todo = [("", str(root))]
    while todo:
        below, folder = todo.pop()
        try:
            state = os.stat(folder)  # noqa: PTH116 - a Path for each would take longer than the rest
            with os.scandir(folder) as listed:
                found = sorted(listed, key=lambda entry: entry.name)
        except OSError:  # it may not be read, or was removed since
            continue
        if (state.st_dev, state.st_ino) in seen:  # a link to a folder above would not end
            continue
        seen.add((state.st_dev, state.st_ino))
        folders = []
        for entry in found:
            if not entry.is_dir():
                if not entry.name.endswith(".pyc"):
                    yield f"{below}{entry.name}", entry
            elif entry.name != "__pycache__" and not skip(Path(entry.path), root):
                folders.append((f"{below}{entry.name}/", entry.path))
        todo += reversed(folders)
