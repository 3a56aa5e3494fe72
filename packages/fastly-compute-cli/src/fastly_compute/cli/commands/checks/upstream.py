"""Whether the app was written for upstream's SDK."""

from collections.abc import Iterator
from pathlib import Path

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.project.upstream import find_upstream_uses


def check_upstream(folder: Path) -> Iterator[Finding]:
    """Name each line that upstream's SDK has and this one has not, and what to write instead.

    Args:
        folder: The project's folder.
    """
    for use in find_upstream_uses(folder):
        where = f"{use.file}:{use.line}: {use.name}"
        if use.works:
            yield Finding(
                "note",
                f"{where} is the raw interface, whose errors are componentize_py_types.Err here: "
                f"{use.instead} checks values and names its errors",
            )
        else:
            yield Finding("wrong", f"{where} is upstream's. Write instead: {use.instead}")
