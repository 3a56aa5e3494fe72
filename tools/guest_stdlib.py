"""Write docs/standard-library.md: what the guest has of the standard library, and what it refuses.

It builds tests/stdlib_names and compares the names there with those of the CPython 3.13 that runs
this, on Linux.
"""

import importlib
import json
import subprocess
import sys
import tempfile
import tomllib
import types
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
APP = ROOT / "tests" / "stdlib_names"
REFUSED = ROOT / "tests" / "stdlib_app" / "refused.toml"
PAGE = ROOT / "docs" / "standard-library.md"

Names = Mapping[str, Sequence[str] | str]

_SHOWN = 14  # names of a module, before they are only counted
# What CPython 3.14 removed, on every system.
_REMOVED = {
    "asyncio": {
        "AbstractChildWatcher",
        "AbstractEventLoopPolicy",
        "DefaultEventLoopPolicy",
        "FastChildWatcher",
        "MultiLoopChildWatcher",
        "PidfdChildWatcher",
        "SafeChildWatcher",
        "ThreadedChildWatcher",
        "get_child_watcher",
        "set_child_watcher",
    },
    "pkgutil": {"find_loader", "get_loader"},
    "shutil": {"ExecError"},
}

HEAD = """\
# The standard library in the guest

<!-- Written by `hatch run guest:stdlib`. -->

The guest is CPython 3.14, built for WASI. Most of its standard library is that of any CPython. This
page lists what the build fills in, what a sandbox refuses and with which error, and what is not
there, compared with CPython 3.13 on Linux. A test compares the page with a built component.

Only what an app imports becomes part of its component, and that is true for what is filled in too.

## Filled in

"""

FILLED = {
    "`ssl`": (
        "Can be imported, and contexts can be made, configured and read. The host makes all TLS "
        "connections, so their settings are not used, unless [](reference/urllib3.md) configures a "
        "backend with them: `wrap_socket` and `wrap_bio` raise an `SSLError`. Configure TLS on a "
        "[backend](guides/mtls.md)."
    ),
    "`hashlib.pbkdf2_hmac`": (
        "Derives the same keys as with OpenSSL: about 300,000 iterations of SHA-256 per second on "
        "one core of a shared server, so werkzeug's `pbkdf2:sha256:600000` takes 2 s. Consider "
        "the CPU time that your service has for a request."
    ),
    "`time.monotonic`, `perf_counter`, `process_time`, and each with `_ns`": (
        "Continue from where they were in the build; the first two also count the time that has "
        "passed since. So a time that was noted while the app was imported, such as when an item "
        "of a cache expires, can be compared with now. `clock_gettime` is the host's own clock."
    ),
    "`multiprocessing.synchronize`": "Can be imported; making a lock raises an `OSError`.",
    "native extensions": (
        "One for another machine counts as not there: importing it raises `ModuleNotFoundError`, "
        "so a package that has a fallback in Python uses that."
    ),
}

REFUSALS = """
## Refused

Each of these raises its error when it is called. A `ThreadPoolExecutor` does not run its functions
in the calling thread instead: they would run one after another in a program that reads as if they
ran at once, and one that waits for a later one would never end.

"""

NOT_THERE = """
## Not there

Importing one of these modules fails the build, which names it. Names that CPython 3.14 removed on
every system are left out.

"""


def native_names() -> Names:
    """List the public names of each module that this Python has."""
    code = f"import runpy; runpy.run_path({__file__!r})['print_names']()"
    command = [sys.executable, "-W", "ignore", "-c", code]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: Names = json.loads(printed)
    return found


def print_names() -> None:
    """Print the public names of each module, as JSON."""
    warnings.simplefilter("ignore")
    found = {}
    for name in sys.stdlib_module_names - {"antigravity", "this"}:
        if not name.startswith("_"):
            with suppress(ImportError):
                found[name] = _public(importlib.import_module(name))
    print(json.dumps(found))


def _public(module: types.ModuleType) -> list[str]:
    names: list[str] | None = getattr(module, "__all__", None)
    if names is not None:
        return list(names)
    own = (module.__name__, f"_{module.__name__}", None)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
        if getattr(value, "__module__", None) in own
    ]


def guest_names() -> Names:
    """Build the app that lists the names, and send it a request."""
    from fastly_compute.cli.commands.build import build
    from fastly_compute.cli.project.settings import Project
    from fastly_compute.local import Host, Server, WasmApp

    with tempfile.TemporaryDirectory(prefix="stdlib-") as temporary:
        output = Path(temporary) / "main.wasm"
        app = WasmApp(build(Project(folder=APP, output=output)).output)
    with Host() as host, Server(host, app, ("127.0.0.1", 0)) as server:
        return names_at(server.url)


def names_at(url: str) -> Names:
    """Ask the app for the names."""
    from urllib.request import urlopen

    with urlopen(url) as response:
        found: Names = json.load(response)
    return found


def _missing(name: str, public: Sequence[str], there: Sequence[str] | str) -> str:
    """Say what is not there of a module; an empty string if all is."""
    if isinstance(there, str):
        return "the module"
    gone = sorted(set(public) - set(there) - _REMOVED.get(name, set()))
    called = [one for one in gone if not one.isupper() and not one.startswith(("AF_", "SO_"))]
    parts = [f"`{one}`" for one in called[:_SHOWN]]
    if len(called) > _SHOWN:
        parts.append("other functions and classes")
    if len(called) < len(gone):
        parts.append("constants")
    return ", ".join(parts)


def _table(heads: tuple[str, str], rows: Mapping[str, str]) -> str:
    lines = [heads, ("---", "---"), *rows.items()]
    return "".join(f"| {first} | {second} |\n" for first, second in lines)


def page(native: Names, guest: Names) -> str:
    """Format the page."""
    errors = tomllib.loads(REFUSED.read_text(encoding="utf-8"))
    refused = {f"`{key}`": f"`{one['kind']}`: {one['message']}" for key, one in errors.items()}
    both = sorted((set(native) & set(guest)) - {"posix"})
    missing = {f"`{name}`": _missing(name, native[name], guest[name]) for name in both}
    gone = {name: text for name, text in missing.items() if text}
    return (
        HEAD
        + _table(("what", "how"), FILLED)
        + REFUSALS
        + _table(("what", "error"), refused)
        + NOT_THERE
        + _table(("module", "what is not there"), gone)
    )


if __name__ == "__main__":
    PAGE.write_text(page(native_names(), guest_names()), encoding="utf-8")
