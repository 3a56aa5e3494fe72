"""Finds the tools that some commands use, and that go with this one."""

import re
import shutil
import subprocess
from collections.abc import Iterator

from packaging.version import Version

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.commands.viceroy import INSTALL, VERSION, find_viceroy

_CLI_PAGE = "https://www.fastly.com/documentation/reference/tools/cli/"
_NUMBER = re.compile(r"(?:viceroy|Fastly CLI version v?)\s*(\d+(?:\.\d+)+)")
_MOST_SECONDS = 20


def check_tools() -> Iterator[Finding]:
    """Check Viceroy and the fastly CLI."""
    viceroy = find_viceroy()
    if viceroy is None:
        yield Finding("note", f"Viceroy not found; serve --runtime viceroy needs it: {INSTALL}")
    else:
        number = _number(viceroy, "--version")
        if number is not None and Version(number) < Version(VERSION):
            yield Finding(
                "note",
                f"Viceroy {number} at {viceroy} is older than {VERSION}, which this SDK is tested "
                f"with: {INSTALL}",
            )
        else:
            yield Finding("ok", f"Viceroy {f'{number} ' if number else ''}at {viceroy}")
    fastly = shutil.which("fastly")
    if fastly is None:
        yield Finding("note", f"the fastly CLI is not on PATH; to deploy, install it: {_CLI_PAGE}")
    else:
        number = _number(fastly, "version")
        yield Finding("ok", f"fastly CLI {f'{number} ' if number else ''}at {fastly}")


def _number(command: str, argument: str) -> str | None:
    """Ask a program for its version; None if it does not say."""
    try:
        said = subprocess.run(  # noqa: S603 - the user's own tool
            [command, argument],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_MOST_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _NUMBER.search(said)
    return found[1] if found else None
