"""Looks at everything that a build and a server need, and says what is wrong."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

from fastly_compute.cli.commands.viceroy import INSTALL, find_viceroy
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.native_extensions import find_upstream, native_dependencies
from fastly_compute.cli.project.roots import app_roots, find_module, import_roots
from fastly_compute.cli.project.settings import Project, read_toml

_POLICIES = ("allow_dynamic_backends", "enforce_explicit_backends")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the checklist.

    Attributes:
        mark: ``ok``, ``note`` for what may be as it should be, or ``wrong``.
        text: What was found, and what to do about it.
    """

    mark: str
    text: str


def examine(project: Project) -> Iterator[Finding]:
    """Look at the tools, the environment and the app.

    Args:
        project: The app.
    """
    yield Finding("ok", f"Python {platform.python_version()} at {sys.executable}")
    for name in ("componentize-py", "wasmtime"):
        yield _installed(name)
    ours = sorted(
        {
            (distribution.metadata["Name"], distribution.version)
            for distribution in distributions()
            if distribution.metadata["Name"].startswith("fastly-compute-")
        }
    )
    for name, number in ours:
        yield Finding("ok", f"{name} {number}")
    roots = import_roots(project)
    upstream = find_upstream(roots)
    if upstream:
        yield Finding(
            "wrong",
            f"{upstream} hides this SDK's packages: pip uninstall fastly-compute, "
            "then reinstall the fastly-compute-* packages",
        )
    else:
        yield Finding("ok", "no other SDK owns the package fastly_compute")
    source = find_module(project.entry, roots)
    if source:
        yield Finding("ok", f"entry {project.entry} at {source}")
    else:
        yield Finding(
            "wrong",
            f"no entry module {project.entry} in {project.folder}: set entry under "
            "[tool.fastly-compute] in pyproject.toml",
        )
    yield from _dependencies(project, roots)
    if source:
        yield from _dynamic_backends(project)
    viceroy = find_viceroy()
    if viceroy:
        yield Finding("ok", f"Viceroy at {viceroy}")
    else:
        yield Finding("note", f"Viceroy not found; serve --runtime viceroy needs it: {INSTALL}")


def _installed(name: str) -> Finding:
    try:
        return Finding("ok", f"{name} {version(name)}")
    except PackageNotFoundError:
        return Finding("wrong", f"{name} is not installed: pip install fastly-compute-cli")


def _dynamic_backends(project: Project) -> Iterator[Finding]:
    """Recommend a list of hosts where nothing of the app's says where its requests may lead."""
    files = [file for root in app_roots(project) for file in root.glob("**/*.py")]
    own = [file for file in files if not any(part.startswith(".") for part in file.parts[1:])]
    if not any(name in file.read_text(errors="ignore") for file in own for name in _POLICIES):
        yield Finding(
            "note",
            "a URL can lead to any host: list the allowed ones with fastly_compute.backend."
            "allow_dynamic_backends(hosts=[...]), or call enforce_explicit_backends()",
        )


def _dependencies(project: Project, roots: list[Path]) -> Iterator[Finding]:
    path = project.folder / "pyproject.toml"
    if not path.is_file():
        return
    table = read_toml(path).get("project", {})
    requirements = table.get("dependencies", []) if isinstance(table, dict) else None
    if not isinstance(requirements, list) or not all(isinstance(r, str) for r in requirements):
        raise CliError(f"{path}: [project] dependencies must be a list of requirements")
    natives = native_dependencies(requirements, roots)
    if natives:
        yield Finding(
            "note",
            f"dependencies with machine code: {', '.join(natives)}. It is not built for the "
            "component's guest; they work only if they can do without it",
        )
    else:
        yield Finding("ok", "no machine code in the app's dependencies")
