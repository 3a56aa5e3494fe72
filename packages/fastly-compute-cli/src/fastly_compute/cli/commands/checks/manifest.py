"""Checks an app's fastly.toml: what the fastly CLI and the local hosts read of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.settings import read_toml
from fastly_compute.local import ConfigError, load

_VERSION = 3
_BUILD = "fastly-compute build"
_KEYS = frozenset(
    {
        "authors",
        "cloned_from",
        "description",
        "language",
        "local_server",
        "manifest_version",
        "name",
        "profile",
        "scripts",
        "service_id",
        "setup",
    }
)
# What both [local_server] and [setup] name, by its key in each.
_RESOURCES = ("backends", "config_stores", "kv_stores", "secret_stores")


def check_manifest(folder: Path) -> Iterator[Finding]:
    """Check fastly.toml.

    Args:
        folder: The app's folder.
    """
    path = folder / "fastly.toml"
    if not path.is_file():
        yield Finding("note", f"no fastly.toml in {folder}: the app cannot be packed or published")
        return
    try:
        table = read_toml(path)
    except CliError as error:
        yield Finding("wrong", error.message)
        return
    problems = [*_head(table), *_local_server(path), *_setup(table)]
    yield from problems
    if not problems:
        yield Finding("ok", f"{path.name} is valid")


def _head(table: Mapping[str, object]) -> Iterator[Finding]:
    if table.get("manifest_version") != _VERSION:
        yield Finding("wrong", f"fastly.toml: write manifest_version = {_VERSION}")
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        yield Finding("wrong", 'fastly.toml: name is missing; add one, such as name = "my-app"')
    if table.get("language") != "other":
        yield Finding(
            "note",
            'fastly.toml: write language = "other", so that the fastly CLI builds with the '
            "command under [scripts]",
        )
    scripts = table.get("scripts")
    if not isinstance(scripts, dict) or not scripts.get("build"):
        yield Finding(
            "note", f'fastly.toml: for fastly compute build, write [scripts] build = "{_BUILD}"'
        )
    for key in sorted(table.keys() - _KEYS):
        yield Finding("note", f"fastly.toml: the key {key!r} is not known; is it misspelt?")


def _local_server(path: Path) -> Iterator[Finding]:
    try:
        load(path)
    except ConfigError as error:
        yield Finding("wrong", str(error))


def _setup(table: Mapping[str, object]) -> Iterator[Finding]:
    """Find what works on this machine and is not there after the first deployment."""
    local, setup = table.get("local_server"), table.get("setup")
    if not isinstance(local, dict) or table.get("service_id"):
        return
    for kind in _RESOURCES:
        here = local.get(kind)
        there = setup.get(kind) if isinstance(setup, dict) else None
        names = here.keys() if isinstance(here, dict) else ()
        missing = sorted(set(names) - (there.keys() if isinstance(there, dict) else set()))
        if missing:
            yield Finding(
                "note",
                f"fastly.toml: [setup.{kind}] lacks {', '.join(missing)}, which [local_server] "
                "has: fastly compute publish does not create what [setup] does not name; add what "
                "the app needs on Fastly",
            )
