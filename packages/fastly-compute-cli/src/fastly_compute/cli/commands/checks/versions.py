"""Checks the versions of what is installed: this tool's requirements, and the SDK's packages."""

import platform
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, requires, version

from packaging.requirements import Requirement

from fastly_compute.cli.commands.checks.finding import Finding

_CLI = "fastly-compute-cli"
_SHOWN = ("componentize-py", "wasmtime")
_PREFIX = "fastly-compute-"


def check_versions() -> Iterator[Finding]:
    """Check the interpreter, what the tool requires, and that all SDK packages fit together."""
    yield Finding("ok", f"Python {platform.python_version()} at {sys.executable}")
    for line in requires(_CLI) or ():
        requirement = Requirement(line)
        wanted = requirement.marker is None or requirement.marker.evaluate()
        if wanted and not requirement.name.startswith(_PREFIX):
            yield from _requirement(requirement)
    yield from _packages()


def _requirement(requirement: Requirement) -> Iterator[Finding]:
    name, specifier = requirement.name, requirement.specifier
    advice = f'pip install "{name}{specifier}"'
    try:
        found = version(name)
    except PackageNotFoundError:
        yield Finding("wrong", f"{name} is not installed: {advice}")
        return
    if not specifier.contains(found, prereleases=True):
        yield Finding("wrong", f"{name} {found} does not fit, {_CLI} needs {specifier}: {advice}")
    elif name in _SHOWN:
        yield Finding("ok", f"{name} {found}")


def _packages() -> Iterator[Finding]:
    found = {
        (distribution.metadata["Name"], distribution.version)
        for distribution in distributions()
        if (distribution.metadata["Name"] or "").startswith(_PREFIX)
    }
    common = Counter(number for _, number in found).most_common(1)[0][0]
    for name, number in sorted(found):
        if number == common:
            yield Finding("ok", f"{name} {number}")
        else:
            yield Finding(
                "wrong",
                f"{name} {number} does not fit the other fastly-compute-* packages, which have "
                f"version {common}: pip install {name}=={common}",
            )
