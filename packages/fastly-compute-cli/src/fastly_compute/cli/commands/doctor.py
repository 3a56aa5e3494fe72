"""Looks at everything that a build and a server need, and says what is wrong."""

from collections.abc import Iterator
from pathlib import Path

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.commands.checks.manifest import check_manifest
from fastly_compute.cli.commands.checks.secrets import check_secrets
from fastly_compute.cli.commands.checks.shadowing import check_shadowing
from fastly_compute.cli.commands.checks.tools import check_tools
from fastly_compute.cli.commands.checks.upstream import check_upstream
from fastly_compute.cli.commands.checks.versions import check_versions
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.native_extensions import native_dependencies
from fastly_compute.cli.project.roots import app_roots, find_module, import_roots
from fastly_compute.cli.project.settings import Project, read_toml
from fastly_compute.cli.project.upstream import requires_upstream

_POLICIES = ("allow_dynamic_backends", "enforce_explicit_backends")


def examine(project: Project) -> Iterator[Finding]:
    """Look at the tools, the environment and the app.

    Args:
        project: The app.
    """
    yield from check_versions()
    roots = import_roots(project)
    yield from check_shadowing(project, roots)
    yield from check_upstream(project.folder)
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
    yield from check_manifest(project.folder)
    yield from check_secrets(project)
    yield from check_tools()


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
    if requires_upstream(requirements):
        yield Finding(
            "wrong",
            f"{path.name}: the dependency fastly-compute is upstream's SDK. Write instead: "
            "the fastly-compute-* packages that the app imports",
        )
    natives = native_dependencies(requirements, roots)
    if natives:
        yield Finding(
            "note",
            f"dependencies with machine code: {', '.join(natives)}. It is not built for the "
            "component's guest; they work only if they can do without it",
        )
    else:
        yield Finding("ok", "no machine code in the app's dependencies")
