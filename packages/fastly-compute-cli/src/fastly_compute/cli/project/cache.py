"""The build cache: components by the hash of what they were built from."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import platformdirs

from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.app_files import IgnoreRules, all_files, app_files, entries
from fastly_compute.cli.project.roots import app_roots
from fastly_compute.cli.project.settings import Project

_KEPT = 20
_LARGE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A component in the cache.

    Attributes:
        component: Its bytes.
        package_size: Its size when packed, in bytes; None if it was not packed yet.
        skipped: Why passes were skipped, by their names.
    """

    component: bytes
    package_size: int | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)


def cache_folder() -> Path:
    """Return ``$FASTLY_COMPUTE_CACHE``, or the user's cache folder of the system."""
    given = os.environ.get("FASTLY_COMPUTE_CACHE")
    return Path(given) if given else platformdirs.user_cache_path("fastly-compute")


def make_folder() -> None:
    """Make the folder for built and compiled files.

    Raises:
        CliError: It cannot be made or written to.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CliError(
            f"cannot write to the cache folder {folder}: {error.strerror}; set "
            "FASTLY_COMPUTE_CACHE to a folder that can be written to"
        ) from error


def inputs_key(project: Project, roots: Iterable[Path]) -> str:
    """Hash everything that a build's result depends on.

    That is: the tools, the entry's name, the contents of the files in the app's own roots, and
    name, size and time of change of those in the other roots; and the passes. What the app's
    folder is called and where it is makes no difference; neither do fastly.toml and viceroy.toml,
    which tell hosts what to do, ``bin`` and ``pkg``, hidden folders, environments, and what
    ``.fastlyignore`` names.

    Args:
        project: The app.
        roots: The import roots, in order.
    """
    own = {path.resolve() for path in app_roots(project)}
    rules = IgnoreRules(project.folder)
    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(repr(parts).encode())

    add("componentize-py", version("componentize-py"), project.entry)
    add("passes", project.optimize, sorted(set(project.without)))
    tool = Path(__file__).parents[1]
    for name, source in all_files(tool):
        add(name, source.read_bytes())
    for root in roots:
        add("root", root in own)
        files: Iterable[tuple[str, Path | os.DirEntry[str]]] = (
            app_files(project, root, rules) if root in own else entries(root)
        )
        for name, file in files:
            try:
                state = file.stat()
                if isinstance(file, Path) and state.st_size <= _LARGE:
                    add(name, file.read_bytes())
                else:
                    add(name, state.st_size, state.st_mtime_ns)
            except FileNotFoundError:  # an editor's lock or temporary file
                continue
    return digest.hexdigest()


def look_up(key: str) -> Entry | None:
    """Find what was built from the same inputs."""
    component, facts = _paths(key)
    try:
        known = json.loads(facts.read_bytes())
        os.utime(component)
        return Entry(component=component.read_bytes(), **known)
    except FileNotFoundError:
        return None


def store(key: str, entry: Entry) -> None:
    """Keep a component, and forget the ones that were not used for longest.

    Builds may run at the same time: each file appears whole, and the facts last.
    """
    path, facts = _paths(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, entry.component)
    known = {"package_size": entry.package_size, "skipped": dict(entry.skipped)}
    write_whole(facts, json.dumps(known).encode())
    forget(path.parent, "*.wasm", _KEPT)


def forget(folder: Path, pattern: str, kept: int) -> None:
    """Remove all files but those used last, each with the facts beside it.

    Args:
        folder: Where they are.
        pattern: Which files.
        kept: How many stay.
    """
    ages = []
    for path in folder.glob(pattern):
        try:
            ages.append((path.stat().st_mtime, path))
        except FileNotFoundError:  # another build forgot it
            continue
    for _, path in sorted(ages)[:-kept]:
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there with its whole content or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _paths(key: str) -> tuple[Path, Path]:
    folder = cache_folder() / "builds"
    return folder / f"{key}.wasm", folder / f"{key}.json"
