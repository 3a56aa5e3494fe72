"""Turns an app into a component that a Compute host can load."""

import ast
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fastly_compute.cli.commands.pack import package_bytes
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.progress import step
from fastly_compute.cli.project import cache
from fastly_compute.cli.project.app_files import IGNORE_FILE, IgnoreRules, app_files
from fastly_compute.cli.project.native_extensions import (
    NativeExtension,
    find_native,
    find_upstream,
    native_extension,
)
from fastly_compute.cli.project.roots import app_roots, find_module, import_roots
from fastly_compute.cli.project.settings import Project

if TYPE_CHECKING:
    from fastly_compute.cli.component.base import Base
    from fastly_compute.cli.component.componentize import Embedded

_MUCH = 1_000_000
_LARGEST = 5
_WASM_FRAME = re.compile(r"^ +\d+: .*(!.*|wasm backtrace:)\n", re.MULTILINE)
_GUEST_PATH = re.compile(r'(?<=File ")/(\d+)/')


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A component.

    Attributes:
        output: Where it is.
        size: Its size in bytes.
        cached: Whether an earlier build of the same inputs was taken.
        key: Where the cache has it.
    """

    output: Path
    size: int
    cached: bool
    key: str


def build(project: Project, base: "Base | None" = None) -> Built:
    """Build an app, or take what an earlier build made of the same inputs.

    Args:
        project: The app.
        base: What to build from, which takes a fraction of the time; by default componentize-py
            does everything.

    Raises:
        CliError: The app cannot be built; the message says what to do.
    """
    roots = import_roots(project)
    check(project, roots)
    cache.make_folder()
    key = inputs = cache.inputs_key(project, roots)
    entry = cache.look_up(key)
    if entry is None and base is not None:
        # It works as well, but what is published is made in one way only.
        key = f"{inputs}-from-base"
        entry = cache.look_up(key)
    cached = entry is not None
    try:
        project.output.parent.mkdir(parents=True, exist_ok=True)
        if entry is None:
            component, skipped = _make(project, roots, base)
            entry = cache.Entry(component=component, skipped=skipped)
            # Changes made during the build must not be cached under the earlier key.
            if cache.inputs_key(project, roots) == inputs:
                cache.store(key, entry)
        if not _holds(project.output, entry.component):
            cache.write_whole(project.output, entry.component)
    except OSError as error:
        raise CliError(f"cannot write {error.filename}: {error.strerror}") from error
    for name, reason in entry.skipped.items():
        click.echo(
            f"warning: skipped the pass {name}: {reason}. The component works without it, and a "
            f"new sandbox starts more slowly. To build without this warning: --without {name}",
            err=True,
        )
    return Built(
        output=project.output,
        size=len(entry.component),
        cached=cached,
        key=key,
    )


def package_size(built: Built) -> int:
    """Tell how large a component is when it is packed, in bytes; it is packed for that once."""
    entry = cache.look_up(built.key)
    if entry is not None and entry.package_size is not None:
        return entry.package_size
    with step("Packing"):
        size = len(package_bytes(built.output.read_bytes()))
    if entry is not None:
        cache.store(built.key, replace(entry, package_size=size))
    return size


def _holds(path: Path, data: bytes) -> bool:
    # A file that is written anew would wake whoever watches it.
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def check(project: Project, roots: Sequence[Path]) -> None:
    """Refuse what no build can succeed with, before one is tried.

    Raises:
        CliError: The entry module does not exist, or another SDK hides this one's packages.
    """
    upstream = find_upstream(roots)
    if upstream:
        raise CliError(
            f"{upstream} owns the package fastly_compute and hides this SDK's packages of that "
            "name. Uninstall it (pip uninstall fastly-compute), or use another environment, then "
            "reinstall the fastly-compute-* packages."
        )
    if project.entry.split(".")[0] in sys.stdlib_module_names:
        raise CliError(
            f"the entry module {project.entry} has the name of a module of Python's standard "
            "library, which comes first in the guest; give it another name"
        )
    if find_module(project.entry, roots) is None:
        raise CliError(
            f"no module {project.entry} in {project.folder}. Name the module that has "
            'HttpIncoming with --entry, or with entry = "…" under [tool.fastly-compute] in '
            "pyproject.toml."
        )


def _make(
    project: Project, roots: Sequence[Path], base: "Base | None"
) -> tuple[bytes, Mapping[str, str]]:
    """Make the component; return it, and why passes were skipped, by their names."""
    # Not at the top: a cached build needs none of it.
    from fastly_compute.cli.component import passes
    from fastly_compute.cli.component.base import BaseError
    from fastly_compute.cli.component.componentize import componentize
    from fastly_compute.cli.component.compose import compose, stub_component
    from fastly_compute.cli.component.edit_mark import mark
    from fastly_compute.cli.project.embedding import embedding

    selected = passes.select(project.optimize, project.without)
    own = [f"/{i}/" for i in range(len(app_roots(project)))]
    fatal: dict[str, str] = {}
    while True:
        # Few requests follow an edit.
        chosen = [one for one in selected if one.name not in fatal and (base is None or one.quick)]
        with tempfile.TemporaryDirectory(prefix="fastly-compute-") as name:
            with step(f"Importing {project.entry} into CPython for WebAssembly"):
                names = [one.name for one in chosen]
                work = Path(name)
                copies = _without_ignored(project, roots, work)
                embedded = embedding(project, roots).described()
                make = componentize if base is None else base.build
                try:
                    made = make(work, project.entry, own, copies, names, embedded)
                except BaseError:  # componentize-py says why, if it cannot either
                    base = None
                    continue
            if found := made.fatal_pass():
                fatal[found] = "it ended the interpreter"
                continue
            if made.component is None:
                raise _explain(project, roots, made.reports, made.output)
            _say(made.embedded())
            with step("Composing"):
                component, skipped = passes.apply(chosen, made.component, made)
                composed = compose(component, stub_component())
            return composed if base is None else mark(composed), {**fatal, **skipped}


def _say(embedded: "Embedded") -> None:
    """Say what a component has for use at run time, and what it lacks."""
    sizes = embedded.sizes
    total = sum(sizes.values())
    largest = sorted(sizes, key=lambda name: -sizes[name])[:_LARGEST]
    names = ", ".join(f"{name} {sizes[name] / 1e6:.1f}" for name in largest)
    click.echo(
        f"Added {embedded.modules} modules and {embedded.files} files for use at run time: "
        f"{total / 1e6:.1f} MB" + (f" (the largest: {names})" if total > _MUCH else ""),
        err=True,
    )
    if embedded.lacks_time_zones:
        click.echo(
            "warning: the app may use zoneinfo, and the component has no time zones. Install "
            "tzdata, and build again.",
            err=True,
        )


def _without_ignored(project: Project, roots: Sequence[Path], work: Path) -> list[Path]:
    """Copy the app's own roots without what ``.fastlyignore`` names, if that names anything."""
    if not (project.folder / IGNORE_FILE).is_file():
        return list(roots)
    rules = IgnoreRules(project.folder)
    copies = {}
    for number, root in enumerate(path.resolve() for path in app_roots(project)):
        copy = copies[root] = work / f"app-{number}"
        copy.mkdir()
        for name, file in app_files(project, root, rules):
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return [copies.get(root, root) for root in roots]


def _explain(project: Project, roots: Sequence[Path], entry: Path, output: str) -> CliError:
    # Not at the top: the local hosts take time to load, and a build that succeeds needs none.
    from fastly_compute.local.runtime import entry as entry_messages

    report = entry / "report"
    if not report.is_file():
        # It ended inside the interpreter: a trap, or componentize-py itself.
        if "retrieving memory" in output:
            return CliError(
                f"cannot build {project.entry}: with what it imports and what is added for use at "
                "run time, it needs more than the 128 MB of memory that a sandbox has. Leave data "
                "and modules out with `exclude` under [tool.fastly-compute] in pyproject.toml."
            )
        said = output.split("AssertionError: ", 1)[-1].split("\nStack backtrace:")[0]
        return CliError(
            f"componentize-py could not import {project.entry}; what it said is above",
            details=_WASM_FRAME.sub("", said).strip(),
        )
    facts: Mapping[str, Any] = ast.literal_eval(report.read_text(encoding="utf-8"))
    details = _GUEST_PATH.sub(lambda found: f"{roots[int(found[1])]}/", facts["traceback"])
    source = find_module(project.entry, roots)
    match facts["kind"]:
        case "no-handler":
            return CliError(entry_messages.missing(source))
        case "bad-handler":
            return CliError(entry_messages.unusable(facts["found"], source))
        case "host-call":
            return CliError(f"cannot build {project.entry}: {facts['found']}", details=details)
    found = (_native(name, path, roots) for name, path in facts["missing"])
    native = next(filter(None, found), None)
    if native is not None:
        return CliError(
            f"cannot build {project.entry}: {native.distribution} needs the native extension "
            f"{native.file.name}, which is for another machine. Use a pure-Python package instead, "
            "or do not import it. Otherwise it has to be built for the guest, as "
            f"{native.for_guest.name} beside it: the guide on FastAPI (docs/guides/fastapi.md) "
            "says how.",
            details=details,
        )
    hints = (_missing_module(name, roots) for name, _ in facts["missing"])
    hint = next(filter(None, hints), "")
    if facts["error"].startswith("BrokenPipeError"):
        hint = "An app can print no more than 10,000 bytes while it is imported."
    message = f"cannot build {project.entry}: importing it failed with {facts['error']}"
    return CliError(f"{message.rstrip('.')}. {hint}".rstrip(), details=details)


def _native(name: str, path: str, roots: Sequence[Path]) -> NativeExtension | None:
    native = find_native(name, roots)
    if native is None and path.endswith(".so"):
        number, _, place = path.removeprefix("/").partition("/")
        native = native_extension(roots[int(number)], roots[int(number)] / place)
    return native


def _missing_module(name: str, roots: Sequence[Path]) -> str:
    top = name.split(".")[0]
    if top in sys.stdlib_module_names:
        return f"The guest is CPython 3.14 for WebAssembly, which comes without {top}."
    if find_module(top, roots) or any((root / top).is_dir() for root in roots):
        return ""
    return (
        f"{top} is neither in the app's folder nor installed in {sys.prefix}. (An editable "
        "install that works by an import hook is not seen: name its folder with -p.)"
    )
