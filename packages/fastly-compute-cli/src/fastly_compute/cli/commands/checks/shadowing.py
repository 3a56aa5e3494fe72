"""Finds modules of an app that hide others, or are hidden by them."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.project.native_extensions import find_upstream
from fastly_compute.cli.project.roots import app_roots
from fastly_compute.cli.project.settings import Project

_BINDINGS = frozenset({"componentize_py_runtime", "componentize_py_types", "wit_world"})


def check_shadowing(project: Project, roots: Sequence[Path]) -> Iterator[Finding]:
    """Check that each name leads to the same module on every host.

    Args:
        project: The app.
        roots: All import roots, in order.
    """
    upstream = find_upstream(roots)
    if upstream:
        yield Finding(
            "wrong",
            f"{upstream} hides this SDK's packages: pip uninstall fastly-compute, "
            "then reinstall the fastly-compute-* packages",
        )
    else:
        yield Finding("ok", "no other SDK owns the package fastly_compute")
    clashes = False
    for root in app_roots(project):
        for path in sorted(root.iterdir()):
            if path.suffix == ".py" or (path / "__init__.py").is_file():
                for finding in _module(path):
                    clashes = True
                    yield finding
    if not clashes:
        yield Finding("ok", "no module of the app has the name of another")


def _module(path: Path) -> Iterator[Finding]:
    if path.stem in sys.stdlib_module_names:
        yield Finding(
            "wrong",
            f"{path} has the name of a module of Python's standard library, which is imported "
            "instead of it in a component: rename it",
        )
    elif path.stem in _BINDINGS:
        yield Finding("wrong", f"{path} hides the SDK's bindings of that name: rename it")
