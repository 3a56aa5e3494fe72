"""Chooses the modules and files that a component has for use at run time.

That is the app's own modules and files, and those of the distributions it depends on. The guest
adds what these import from the standard library.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pathspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from fastly_compute.cli.project.app_files import (
    IgnoreRules,
    all_files,
    app_files,
    folders_between,
    is_foreign,
)
from fastly_compute.cli.project.imports import imported, parse
from fastly_compute.cli.project.roots import app_roots, find_module, pth_roots
from fastly_compute.cli.project.settings import Project, read_toml

_GUEST = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_system": "wasi",
    "python_full_version": "3.14.0",
    "python_version": "3.14",
    "sys_platform": "wasi",
}
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)", re.MULTILINE)
_IMPORTING = frozenset({"import_module", "__import__"})
_METADATA = frozenset({"METADATA", "entry_points.txt", "top_level.txt"})
_SOURCES = (".c", ".h", ".po", ".pot", ".pxd", ".py", ".pyi", ".pyx")
_NOT_DATA = (*_SOURCES, ".dylib", ".pyc", ".pyd", ".so")
_TEST = re.compile(r"(?:.*/)?(?:tests/.*|test_[^/]*\.py|[^/]*_test\.py|conftest\.py)")
# Never by themselves, wherever they lie: only a pattern of the setting `include` names them.
_SECRETS = pathspec.GitIgnoreSpec.from_lines(
    [".*", "*.jks", "*.key", "*.keystore", "*.p12", "*.pem", "*.pfx", "id_*"]
)
_TIME_ZONES = canonicalize_name("tzdata")
# A command that watches an app looks for the same files at each change.
_records: dict[tuple[Path, str], tuple[str | None, list[Path]]] = {}


@dataclass(slots=True)
class Embedding:
    """What to embed, with the paths that the guest knows it by.

    Attributes:
        aliases: Folders that are also an import root, by their other name.
        modules: The names and paths of modules.
        files: The paths of files, and what brings each.
        include: The names of modules of the standard library.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    modules: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    include: list[str] = field(default_factory=list)

    def described(self) -> str:
        """Describe it for the guest."""
        names = ("aliases", "modules", "files", "include")
        return repr({name: getattr(self, name) for name in names})


def embedding(project: Project, roots: Sequence[Path]) -> Embedding:
    """Find what to embed.

    Args:
        project: The app.
        roots: All import roots, in order.
    """
    return _Search(project, roots).found()


class _Search:
    def __init__(self, project: Project, roots: Sequence[Path]) -> None:
        self._project = project
        self._roots = roots
        added = [path for path in project.python_path if not any(path.glob("*.dist-info"))]
        self._own = [path.resolve() for path in (*app_roots(project), *added)]
        self._numbers = {root: number for number, root in enumerate(roots)}
        self._include = pathspec.GitIgnoreSpec.from_lines(project.include)
        self._exclude = pathspec.GitIgnoreSpec.from_lines(project.exclude)
        self._found = Embedding(include=list(project.include_modules))
        self._imported: set[str] = set()
        self._listed: dict[Distribution, list[Path]] = {}

    def found(self) -> Embedding:
        rules = IgnoreRules(self._project.folder)
        for root in self._own:
            self._add_own(root, rules)
        for distribution in self._dependencies():
            self._add_distribution(distribution)
        return self._found

    def _add_own(self, root: Path, rules: IgnoreRules) -> None:
        inner = [other for other in self._own if other != root and other.is_relative_to(root)]
        for other in inner:
            below = other.relative_to(root).as_posix()
            name = f"/{self._numbers[root]}/{below}"
            self._found.aliases[name] = f"/{self._numbers[other]}"
        for name, file in app_files(self._project, root, rules):
            if any(file.is_relative_to(other) for other in inner) or _TEST.fullmatch(name):
                continue
            if file.suffix == ".py":
                self._add_module(root, name)
                self._imported.update(_imports(file))
            elif self._is_data(root, name, file):
                self._add_file(root, name, file.relative_to(root).parts[0])

    def _is_data(self, root: Path, name: str, file: Path) -> bool:
        """Tell whether a file of the app's is one that it may read."""
        folder = self._project.folder.resolve()
        if file.is_relative_to(folder) and self._include.match_file(file.relative_to(folder)):
            return True
        if _SECRETS.match_file(name) or name.endswith(_NOT_DATA):
            return False
        return any((folder / "__init__.py").is_file() for folder in folders_between(file, root))

    def _dependencies(self) -> list[Distribution]:
        """List the distributions that the app depends on, and those that these do."""
        installed: dict[NormalizedName, Distribution] = {}
        for found in distributions(path=[str(root) for root in self._roots]):
            if found.name:  # the first one is the one that is imported
                installed.setdefault(canonicalize_name(found.name), found)
        todo = [*self._declared(), *self._importing(installed)]
        done: dict[tuple[NormalizedName, str], None] = {}
        while todo:
            requirement = todo.pop()
            name = canonicalize_name(requirement.name)
            if name not in installed:
                continue
            for extra in ("", *requirement.extras):
                if (name, extra) not in done:
                    done[name, extra] = None
                    todo += _requirements(installed[name].requires or (), extra)
        if _TIME_ZONES in installed:  # whatever uses zoneinfo finds it, declared or not
            done[_TIME_ZONES, ""] = None
        return [installed[name] for name in sorted({name for name, _ in done})]

    def _declared(self) -> list[Requirement]:
        path = self._project.folder / "pyproject.toml"
        table = read_toml(path).get("project", {}) if path.is_file() else {}
        lines = table.get("dependencies", []) if isinstance(table, dict) else []
        return _requirements([line for line in lines if isinstance(line, str)])

    def _importing(self, installed: Mapping[NormalizedName, Distribution]) -> list[Requirement]:
        """Find the distributions of what the app's own modules import."""
        owners = {
            file: name
            for name, found in installed.items()
            for file in self._files(found)
            if file.suffix == ".py"
        }
        names = set()
        for module in self._imported:
            source = find_module(module, self._roots)
            if source in owners:
                names.add(owners[source])
        return [Requirement(name) for name in names]

    def _add_distribution(self, distribution: Distribution) -> None:
        name = canonicalize_name(distribution.name)
        for file in self._files(distribution):
            root = self._root_of(file)
            if root is None or root in self._own or not file.is_file():
                continue
            below = file.relative_to(root).as_posix()
            if "/tests/" in f"/{below}" or self._exclude.match_file(below):
                continue
            if file.suffix == ".py":
                self._add_module(root, below)
            elif _is_read(below):
                self._add_file(root, below, name)

    def _files(self, distribution: Distribution) -> list[Path]:
        """List the files of a distribution, which are looked up on the disk once."""
        if distribution not in self._listed:
            self._listed[distribution] = list(_files(distribution))
        return self._listed[distribution]

    def _root_of(self, file: Path) -> Path | None:
        return next((folder for folder in file.parents if folder in self._numbers), None)

    def _add_module(self, root: Path, below: str) -> None:
        parts = below.removesuffix(".py").removesuffix("/__init__").split("/")
        named = all(part.isidentifier() for part in parts) and parts[-1] != "__main__"
        if named and not self._exclude.match_file(below):
            path = f"/{self._numbers[root]}/{below}"
            self._found.modules.append((".".join(parts), path))

    def _add_file(self, root: Path, below: str, owner: str) -> None:
        if not self._exclude.match_file(below):
            self._found.files.append((f"/{self._numbers[root]}/{below}", owner))


def _is_read(below: str) -> bool:
    """Tell whether a distribution's file is one that its code may read."""
    top, _, rest = below.partition("/")
    if top.endswith(".dist-info"):
        return rest in _METADATA
    return top != "bin" and not below.endswith((*_NOT_DATA, "/py.typed"))


def _imports(file: Path) -> Iterator[str]:
    """List the modules that one may import, and the packages that they are in."""
    source = file.read_bytes()
    try:
        tree = parse(source)
        names = [*(name for _, name in imported(tree)), *_called(tree)]
    except (SyntaxError, ValueError):  # it is for a newer Python than this one, perhaps
        names = _IMPORTS.findall(source.decode("utf-8", "replace"))
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _called(tree: ast.Module) -> Iterator[str]:
    """List what calls of the functions that import name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id=called) | ast.Attribute(attr=called),
                args=[ast.Constant(value=str(name)), *_],
            ) if called in _IMPORTING:
                yield name


def _requirements(lines: Iterable[str], extra: str = "") -> list[Requirement]:
    """Read requirements, without those that are for other systems or other extras."""
    found = []
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:  # pip could not install it either
            continue
        if not requirement.marker or requirement.marker.evaluate({**_GUEST, "extra": extra}):
            found.append(requirement)
    return found


def _files(distribution: Distribution) -> Iterator[Path]:
    """List the files of a distribution, those of an editable install too."""
    editable = False
    origin = distribution.read_text("direct_url.json")
    if origin:
        editable = bool(json.loads(origin).get("dir_info", {}).get("editable"))
    for file in _recorded(distribution):
        if editable and file.suffix == ".pth" and file.is_file():
            for root in filter(Path.is_dir, pth_roots(file)):
                yield from (found for _, found in all_files(root.resolve(), skip=is_foreign))
        else:
            yield file


def _recorded(distribution: Distribution) -> list[Path]:
    """List the files that an installer recorded, once for as long as the record is the same."""
    place = (Path(str(distribution.locate_file(""))), distribution.name)
    record = distribution.read_text("RECORD")
    known = _records.get(place)
    if known is not None and record is not None and known[0] == record:
        return known[1]
    parents: dict[Path, Path] = {}
    files = []
    for path in distribution.files or ():
        if ".." in path.parts:
            continue
        located = Path(str(distribution.locate_file(path)))
        if located.parent not in parents:
            parents[located.parent] = located.parent.resolve()
        files.append(parents[located.parent] / located.name)
    _records[place] = (record, files)
    return files
