"""The entry module: componentize-py imports it once, in the guest, at build time.

It imports the app and writes a report for the build into its own folder.
The standard error is not enough: componentize-py keeps only 10,000 bytes of it.
"""
# ruff: noqa: E402

import sys

# The image must not depend on the bytecode of an earlier build, and a build must not write to the
# user's folders.
sys.dont_write_bytecode = True
sys.pycache_prefix = "/nowhere"

# A guest has no files: modules that the standard library imports on demand must be loaded here.
import contextlib
import encodings.ascii
import encodings.cp1252
import encodings.idna
import encodings.latin_1
import encodings.punycode
import encodings.utf_8
import encodings.utf_8_sig
import encodings.utf_16
import encodings.utf_16_be
import encodings.utf_16_le  # noqa: F401 - all of them: what a charset can ask for
import gc
import importlib
import linecache
import os
import random
import traceback
import types
import warnings  # noqa: F401 - the interpreter imports it for the first warning
import weakref
from collections.abc import Iterator
from typing import Any, NoReturn

import componentize_py_runtime
import wit_world.imports
from fastly_compute_image import fill_holes, gather_code, name_objects

_FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would be in every image
_NOT_THE_USERS = ("<frozen importlib", "/python/importlib/", "/world/")
_kept: list[list[object]] = []
_blocked: list[BaseException] = []
_by_chance: dict[int, random.Random] = {}


def _not_yet(index: int, arguments: list[Any]) -> NoReturn:
    """Refuse a host call: there is no host during the build."""
    caller = sys._getframe(1)
    interface = caller.f_globals["__name__"].rpartition(".")[2]
    core = sys.modules.get("fastly_compute.core.errors")
    kind = RuntimeError if core is None else core.HostUnavailable
    error = kind(
        f"{interface}.{caller.f_code.co_qualname} was called while the app is imported. That "
        "happens once, at build time, where there is no host to answer. Move the call into the "
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
    """Keep only the user's frames in a traceback."""
    following: traceback.TracebackException | None = summary
    while following is not None:
        following.stack[:] = [
            frame
            for frame in following.stack
            if frame.filename != __file__ and not frame.filename.startswith(_NOT_THE_USERS)
        ]
        following = following.__cause__ or following.__context__


def _missing(error: BaseException) -> list[tuple[str, str]]:
    """Return the modules that a failed import did not find or could not load, and their files."""
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
    with open(f"{_FOLDER}/report", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(repr(report))


def _seed(generator: random.Random, *seed: Any, **options: Any) -> None:
    """Seed a generator, and remember those without an explicit seed."""
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
    """Import the app and create its `HttpIncoming`; report any error."""
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
    """Cache the source lines of the app's modules, so that tracebacks at run time show them."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(tuple(roots)):
            lines = linecache.getlines(path)
            # Without a modification time, linecache never checks the file again.
            linecache.cache[path] = (sum(map(len, lines)), None, lines, path)


def _settle() -> None:
    """Initialize what a request would initialize, and exclude it from garbage collection."""
    if "datetime" in sys.modules:
        importlib.import_module("_strptime")
    for name in sorted(os.listdir(wit_world.imports.__path__[0])):  # noqa: PTH208
        if name.endswith(".py") and name != "__init__.py":
            importlib.import_module(f"wit_world.imports.{name.removesuffix('.py')}")
    # Creating the first one imports a module, and every host resource has one.
    weakref.finalize(_import_app, gc.collect).detach()
    for one in gc.get_objects():
        if issubclass(type(one), type):
            # A type gets a version on the first attribute lookup.
            with contextlib.suppress(AttributeError):
                type.__getattribute__(one, "_")
    handler = sys.modules.get("fastly_compute.http.handler")
    if handler is not None and isinstance(_app, handler.Service):
        _kept.append(gather_code(_app.rehearse, beside="wit_world."))
        _app.rehearse()
    gc.collect()
    name_objects(f"{_FOLDER}/objects")
    gc.collect()
    _kept.append(fill_holes())
    gc.freeze()


with open(f"{_FOLDER}/settings", encoding="utf-8") as _file:  # noqa: PTH123
    _name, *_roots = _file.read().splitlines()

_real_seed = random.Random.seed
_app = _import_app(_name)
if _app is None:
    raise ImportError(f"the app {_name} cannot be used; see the report for the reason")
_keep_source(_roots)
_settle()


class _Seeding:
    """Seeds the app's generators when a sandbox starts; otherwise all return the same numbers.

    componentize-py does this for the generator of the `random` module.
    """

    def handle(self, request: Any, body: Any) -> None:
        while _by_chance:
            _by_chance.popitem()[1].seed()
        _app.handle(request, body)


def HttpIncoming() -> Any:  # noqa: N802 - componentize-py looks for it under this name
    """Return the app's object to componentize-py, without a wrapper if possible."""
    return _Seeding() if _by_chance else _app
