"""The block ``upstream-names``: each import of upstream's SDK, and what to write here instead.

It is made of the table that ``fastly-compute doctor`` reads.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embedded import embed
from sphinx.application import Sphinx

from fastly_compute.cli.project import upstream


def _rows() -> Iterator[tuple[str, str]]:
    for name, here in upstream.RENAMED.items():
        module, _, attribute = name.rpartition(".")
        package, _, renamed = here.partition(".")
        yield (
            f"`from {module} import {attribute}`",
            f"`from fastly_compute.{package} import {renamed}`",
        )
    for name, instead in upstream.REPLACED.items():
        yield f"`{name}`", instead
    for name, package in upstream.WRAPPED.items():
        raw = "the raw interface works too, and raises `componentize_py_types.Err`"
        yield f"`wit_world.imports.{name}`", f"`fastly_compute.{package}`; {raw}"


def text_of(_argument: str) -> tuple[str, list[Path]]:
    """Return the table."""
    rows = [f"| {name} | {instead} |" for name, instead in _rows()]
    return "\n".join(["| upstream | here |", "|---|---|", *rows]), [Path(upstream.__file__)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    embed(app, "upstream-names", text_of)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
