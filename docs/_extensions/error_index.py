"""The block ``error-index``: every public exception, its cause, and what to do.

Each has an anchor, to which its entry in the reference links. An exception without a line that says
what to do fails the build, and so does a line for no exception.
"""

import functools
import importlib
import inspect
import tomllib
from pathlib import Path
from typing import Any

from embedded import embed
from public_names import PACKAGES
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FIXES = Path(__file__).parent.parent / "error_fixes.toml"
BASE = "Catch it for all errors below it; its subclasses say what happened."


@functools.cache
def errors_of(package: str) -> dict[str, type[BaseException]]:
    """Return the public exceptions of a package that it defines itself, by their names."""
    module = importlib.import_module(package)
    public = {name: getattr(module, name) for name in module.__all__}
    return {
        name: thing
        for name, thing in sorted(public.items())
        if inspect.isclass(thing)
        and issubclass(thing, BaseException)
        and thing.__module__.startswith(f"{package}.")
    }


def cause(error: type[BaseException]) -> str:
    """Return the first paragraph of an exception's docstring, on one line."""
    return inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def anchor(package: str, name: str) -> str:
    """Return the anchor of an exception, such as ``error-acl-aclnotfound``."""
    return f"error-{package.rpartition('.')[2]}-{name}".replace("_", "-").lower()


def add_link(
    app: Sphinx,
    what: str,
    full_name: str,
    thing: object,
    options: object,
    lines: list[str],
) -> None:
    """Link the docstring of an exception to its row of the index."""
    for package in PACKAGES if what == "exception" else ():
        for name, error in errors_of(package).items():
            if error is thing:
                lines += ["", f":ref:`Cause and what to do <{anchor(package, name)}>`"]
                return


class Fixes:
    """What to do about each exception, from error_fixes.toml."""

    def __init__(self) -> None:
        tables = tomllib.loads(FIXES.read_text(encoding="utf-8"))
        self._families: dict[str, str] = tables.pop("families")
        self._by_name: dict[str, str] = {
            f"fastly_compute.{package}.{name}": text
            for package, fixes in tables.items()
            for name, text in fixes.items()
        }

    def take(self, full_name: str, error: type[BaseException]) -> str:
        """Return what to do about an exception: its own line, or that of its family."""
        if (own := self._by_name.pop(full_name, None)) is not None:
            return own
        for ending, text in self._families.items():
            if full_name.endswith(ending):
                return text
        if "base class of" in cause(error).lower():
            return BASE
        raise ExtensionError(f"{FIXES.name} does not say what to do about {full_name}")

    def check_all_taken(self) -> None:
        """Refuse lines for exceptions that do not exist."""
        if self._by_name:
            raise ExtensionError(f"{FIXES.name} names no public exception: {list(self._by_name)}")


def text_of(_argument: str) -> tuple[str, list[Path]]:
    """Return a table for each package that has errors."""
    fixes = Fixes()
    lines = []
    for package in PACKAGES:
        found = errors_of(package)
        if not found:
            continue
        lines += [f"## {package}", "", "| error | cause | what to do |", "|---|---|---|"]
        for name, error in found.items():
            link = f"[{{py:exc}}`{name} <{package}.{name}>`]{{#{anchor(package, name)}}}"
            fix = fixes.take(f"{package}.{name}", error)
            lines.append(f"| {link} | {cause(error)} | {fix} |")
        lines.append("")
    fixes.check_all_taken()
    return "\n".join(lines), [FIXES]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    embed(app, "error-index", text_of)
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", add_link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
