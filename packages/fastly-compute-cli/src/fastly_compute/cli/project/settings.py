"""An app's folder and what its pyproject.toml and fastly.toml say about it."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastly_compute.cli.errors import CliError

_TABLE = "[tool.fastly-compute]"
_LISTS = {"include": "patterns", "include-modules": "names of modules", "exclude": "patterns"}
_KEYS = ("entry", "output", "python-path", "optimize", "without", *_LISTS)
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An app, as its folder, its settings and the command line describe it.

    Attributes:
        folder: The app's folder.
        entry: The module that has `HttpIncoming`, such as ``main`` or ``shop.edge``.
        output: Where the component goes.
        python_path: Further import roots, searched before the environment's.
        optimize: Which passes a build runs: ``none``, ``safe`` or ``all``.
        without: The names of passes that it leaves out.
        include: Which of its files a component has, besides the data in its packages: patterns
            as in a .gitignore.
        include_modules: Modules of the standard library that a component has in any case.
        exclude: Which files and modules it does not have, by their paths below an import root.

    Example:
        >>> Project(folder=Path("/app")).output.as_posix()
        '/app/bin/main.wasm'
    """

    folder: Path
    entry: str = "main"
    output: Path = Path("bin/main.wasm")
    python_path: tuple[Path, ...] = ()
    optimize: str = "all"
    without: tuple[str, ...] = ()
    include: tuple[str, ...] = ("/templates/", "/static/")
    include_modules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_module_name(self.entry):
            raise CliError(
                f"entry {self.entry!r} is not a module's name; write it as in an import, "
                "such as main or shop.edge"
            )
        object.__setattr__(self, "output", self.folder / self.output)
        roots = tuple(self.folder / root for root in self.python_path)
        object.__setattr__(self, "python_path", roots)
        for root in roots:
            if not root.is_dir():
                raise CliError(f"the import root {root} is not a folder")


def is_module_name(name: str) -> bool:
    """Tell whether a module can have a name, such as ``main`` or ``shop.edge``."""
    return _MODULE.fullmatch(name) is not None


def load_project(
    folder: Path,
    *,
    entry: str | None = None,
    output: Path | None = None,
    python_path: Iterable[Path] = (),
    optimize: str | None = None,
    without: Iterable[str] = (),
) -> Project:
    """Read an app's settings.

    Args:
        folder: The app's folder.
        entry: Takes the place of the setting ``entry``.
        output: Takes the place of the setting ``output``.
        python_path: Import roots, before those of the setting ``python-path``.
        optimize: Takes precedence over the setting ``optimize``.
        without: Passes to leave out, besides those of the setting ``without``.

    Raises:
        CliError: pyproject.toml cannot be read, the table has an unknown key or a value of the
            wrong type, or the output is a folder.
    """
    table = _settings(folder / "pyproject.toml")
    chosen: dict[str, Any] = {}
    if "entry" in table or entry is not None:
        chosen["entry"] = entry if entry is not None else _text(table, "entry")
    if "output" in table or output is not None:
        chosen["output"] = output if output is not None else Path(_text(table, "output"))
    if "optimize" in table or optimize is not None:
        chosen["optimize"] = optimize if optimize is not None else _text(table, "optimize")
    for key, what in _LISTS.items():
        if key in table:
            chosen[key.replace("-", "_")] = tuple(_texts(table, key, what))
    further = _texts(table, "python-path", "folders")
    roots = (*(Path.cwd() / root for root in python_path), *(Path(root) for root in further))
    left_out = (*without, *_texts(table, "without", "names of passes"))
    project = Project(folder=folder, python_path=roots, without=left_out, **chosen)
    if project.output.is_dir():
        raise CliError(
            f"{project.output} is a folder; set the component's file with the setting output or "
            "with --output, such as bin/main.wasm"
        )
    return project


def service_name(folder: Path) -> str:
    """Read the service's name out of fastly.toml, as a file name.

    Raises:
        CliError: fastly.toml is missing, cannot be read, or has no name.
    """
    path = folder / "fastly.toml"
    if not path.is_file():
        raise CliError(
            f"no fastly.toml in {folder}; a package needs one. "
            'Its least content: manifest_version = 3, name = "my-app", language = "other"'
        )
    name = read_toml(path).get("name")
    # The fastly CLI names the package the same way.
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") if isinstance(name, str) else ""
    if not plain:
        raise CliError(f'{path}: name is missing; add one, such as name = "my-app"')
    return plain


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        CliError: It is not valid TOML, or cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise CliError(f"cannot read {path}: {error.strerror}") from error


def _settings(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    tool = read_toml(path).get("tool", {})
    table = tool.get("fastly-compute", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise CliError(f"{path}: {_TABLE} must be a table")
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        raise CliError(
            f"{path} {_TABLE}: unknown key {unknown[0]!r}; the keys are {', '.join(_KEYS)}"
        )
    return table


def _text(table: dict[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        raise CliError(f"pyproject.toml {_TABLE}: {key} must be a string, not {value!r}")
    return value


def _texts(table: dict[str, Any], key: str, what: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CliError(f"pyproject.toml {_TABLE}: {key} must be a list of {what}")
    return value
