"""Imports an app, once, in the guest, at build time.

It imports the app and leaves in its own folder what the build needs to know of how that went.
The standard error would not do: componentize-py keeps 10,000 bytes of it.
"""
# ruff: noqa: E402

import sys

# The image must not depend on the bytecode that an earlier build left, and a build must leave
# nothing in the folders of the user's.
sys.dont_write_bytecode = True
sys.pycache_prefix = "/nowhere"

import fastly_compute_files
import fastly_compute_lean_imports
import fastly_compute_stdlib

fastly_compute_lean_imports.install()
fastly_compute_files.install()  # before another module takes the real functions
fastly_compute_stdlib.install()

# A request should not have to unpack these: they are all that a charset can ask for.
import ast
import encodings.ascii
import encodings.cp1252
import encodings.idna
import encodings.latin_1
import encodings.punycode
import encodings.utf_8
import encodings.utf_8_sig
import encodings.utf_16
import encodings.utf_16_be
import encodings.utf_16_le  # noqa: F401
import gc
import importlib
import linecache
import os
import random
import traceback
import types
import warnings  # noqa: F401 - the interpreter imports it for the first warning
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import componentize_py_runtime
import fastly_compute_late_imports
import wit_world.imports
from fastly_compute_immortal import name_loads, name_objects
from fastly_compute_warm_up import warm_up

# All that an app may call the host by; a base comes with it.
for _name in sorted(os.listdir(wit_world.imports.__path__[0])):  # noqa: PTH208
    if _name.endswith(".py") and _name != "__init__.py":
        importlib.import_module(f"wit_world.imports.{_name.removesuffix('.py')}")

_FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would be in every image
_NOT_THE_USERS = ("<frozen importlib", "/python/importlib/", "/world/")
_kept: list[object] = []
_blocked: list[BaseException] = []
_by_chance: dict[int, random.Random] = {}
_real_seed = random.Random.seed


def _write(name: str, text: str) -> None:
    with open(f"{_FOLDER}/{name}", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)


def _not_yet(index: int, arguments: list[Any]) -> NoReturn:
    """Refuse a call of the host: the build has none."""
    caller = sys._getframe(1)
    interface = caller.f_globals["__name__"].rpartition(".")[2]
    core = sys.modules.get("fastly_compute.core.errors")
    kind = RuntimeError if core is None else core.HostUnavailable
    error = kind(
        f"{interface}.{caller.f_code.co_qualname} was called while the app is imported. That "
        "happens once, at build time, without a host. Move the call into the "
        "handler."
    )
    _blocked.append(error)
    raise error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _own_frames(summary: traceback.TracebackException) -> None:
    """Leave only the frames of the user's in a traceback."""
    following: traceback.TracebackException | None = summary
    while following is not None:
        following.stack[:] = [
            frame
            for frame in following.stack
            if not frame.filename.startswith((f"{_FOLDER}/", *_NOT_THE_USERS))
        ]
        following = following.__cause__ or following.__context__


def _missing(error: BaseException) -> list[tuple[str, str]]:
    """Name the modules that a failed import did not find or could not load, and their files."""
    found = []
    for link in _chain(error) if isinstance(error, ImportError) else ():
        if isinstance(link, ImportError) and link.name:
            part = getattr(link, "name_from", None)
            found.append((f"{link.name}.{part}" if part else link.name, link.path or ""))
    return found


def _report(kind: str, error: BaseException | None = None, found: str = "") -> None:
    report: dict[str, Any] = {"kind": kind, "found": found, "traceback": ""}
    if error is not None:
        summary = traceback.TracebackException.from_exception(error)
        _own_frames(summary)
        report |= {
            "error": ": ".join([type(error).__name__, *str(error).splitlines()[:1]]),
            "traceback": "".join(summary.format()),
            "missing": _missing(error),
        }
    _write("report", repr(report))


def _seed(generator: random.Random, *seed: Any, **options: Any) -> None:
    """Seed a generator, and take note of those that are left to chance."""
    _by_chance.pop(id(generator), None)
    if not options and seed in {(), (None,)}:
        _by_chance[id(generator)] = generator
    _real_seed(generator, *seed, **options)


def _described(incoming: object) -> str:
    """Say what is not a handler, as fastly_compute.local does."""
    if isinstance(incoming, types.FunctionType):
        return f"the function {incoming.__name__!r}"
    if isinstance(incoming, type):
        return f"the class {incoming.__name__!r}, which has no such method"
    return f"an object of type {type(incoming).__name__!r}"


def _import_app(name: str) -> Any:
    """Import the app and make its `HttpIncoming`; report what is wrong with it."""
    runtime: Any = componentize_py_runtime
    possible = runtime.call_import
    runtime.call_import = _not_yet
    random.Random.seed = _seed  # type: ignore[assignment,method-assign]
    try:
        module = importlib.import_module(name)
        incoming = getattr(module, "HttpIncoming", None)
        if incoming is None:
            _report("no-handler")
            return None
        if not callable(getattr(incoming, "handle", None)):
            _report("bad-handler", found=_described(incoming))
            return None
        app = incoming() if callable(incoming) else incoming
    except BaseException as error:
        link = next((link for link in _chain(error) if link in _blocked), None)
        _report("exception" if link is None else "host-call", error, str(link or ""))
        return None
    finally:
        runtime.call_import = possible
        random.Random.seed = _real_seed  # type: ignore[method-assign]
    return app


def _keep_source(roots: list[str]) -> None:
    """Keep the lines of the app's own modules, so that tracebacks at run time can show them."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(tuple(roots)):
            lines = linecache.getlines(path)
            # Without a time of change it is never looked up on the disk again.
            linecache.cache[path] = (sum(map(len, lines)), None, lines, path)


def _import_late_modules() -> None:
    """Import what a request would import: a guest has no files."""
    if "datetime" in sys.modules:
        importlib.import_module("_strptime")
    if "asyncio" in sys.modules and "fastly_compute.http" in sys.modules:
        importlib.import_module(fastly_compute_late_imports.EVENT_LOOP).install()
    # The first one imports a module, and every resource of the host's has one.
    weakref.finalize(_import_app, gc.collect).detach()


def _warm_up() -> object:
    return warm_up(_not_yet)


def _immortalize() -> None:
    name_loads(f"{_FOLDER}/loads")
    name_objects(f"{_FOLDER}/objects")
    gc.freeze()


# What each pass runs, in this order: the names are those of `fastly_compute.cli.component.passes`.
_PASSES: list[tuple[str, Callable[[], object]]] = [
    ("warm-up", _warm_up),
    ("immortal", _immortalize),
]


def _embed(roots: list[str]) -> dict[str, str]:
    """Keep what a request may need besides, and report it; return the other names of folders."""
    from fastly_compute_embedding import embed

    with open(f"{_FOLDER}/to-embed", encoding="utf-8") as file:  # noqa: PTH123
        named = ast.literal_eval(file.read())
    kept = embed(named, roots)
    zones = "zoneinfo" in kept.wanted | sys.modules.keys() and "tzdata" not in kept.sizes
    found = {
        "modules": kept.modules,
        "files": kept.files,
        "sizes": kept.sizes,
        "lacks_time_zones": zones,
    }
    _write("embedded", repr(found))
    del sys.modules["fastly_compute_embedding"]  # which no request needs
    aliases: dict[str, str] = named["aliases"]
    return aliases


def _run_passes(chosen: list[str]) -> None:
    """Run the passes that were chosen; note those that failed, which the app can do without."""
    failed = {}
    for name, run in _PASSES:
        if name in chosen:
            _write("running", name)  # for the build to read if the interpreter ends here
            try:
                _kept.append(run())
            except Exception as error:
                failed[name] = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
    _write("running", "")
    _write("failed", repr(failed))


class _Seeding:
    """Seeds the app's own generators when a sandbox starts; else all give the same numbers.

    componentize-py does so for the generator of the `random` module.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    def handle(self, request: Any, body: Any) -> None:
        while _by_chance:
            _by_chance.popitem()[1].seed()
        self._app.handle(request, body)


def import_app() -> Any:
    """Import the app that the settings name, and prepare the image for its requests.

    Returns:
        What answers them: the app's own object, without a layer in between if there can be.

    Raises:
        ImportError: The app cannot be used; the report has the reason.
    """
    with open(f"{_FOLDER}/settings", encoding="utf-8") as file:  # noqa: PTH123
        chosen, name, *roots = file.read().splitlines()
    os.chdir("/0")  # the app's folder, where it is when it runs on the machine
    app = _import_app(name)
    if app is None:
        raise ImportError(f"the app {name} cannot be used; the report has the reason")
    _keep_source(roots)
    _import_late_modules()
    aliases = _embed(roots)
    _run_passes(chosen.split())
    fastly_compute_files.seal(aliases)
    fastly_compute_stdlib.seal()
    gc.collect()  # it also frees what the interpreter keeps for new objects, wherever that lies
    return _Seeding(app) if _by_chance else app
