"""Keeps in the image what a request may need and the import of the app did not load.

That is the code of modules, and files. The build names those of the app and of the distributions
it depends on; those of the standard library are found here, by what all of them import.
"""

import marshal
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import fastly_compute_files as files
import fastly_compute_late_imports as late_imports
from fastly_compute_lean_imports import compile_module

_PYTHON = re.__file__.removesuffix("/re/__init__.py")  # that of `os` is frozen elsewhere
_KEPT = "/bytecode"  # which is there if the build is one from a base
_STAND_INS = f"{__file__.rpartition('/')[0]}/stand_ins"  # for what the guest's Python lacks
_IMPORT = re.compile(
    r"^(?P<indent>[ \t]*)(?:"
    r"from[ \t]+(?P<source>[\w.]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]*)"
    r"|import[ \t]+(?P<modules>[^\n#]+))"
    r"|\b(?:import_module|__import__)\([ \t\n]*[\"'](?P<literal>[\w.]+)[\"']",
    re.MULTILINE,
)
_COROUTINE = re.compile(rb"^[ \t]*async[ \t]+def\b", re.MULTILINE)
_MAIN = re.compile(r"^if __name__ == [\"']__main__[\"']:.*\Z", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"[\w.]+")
# What functions of the standard library import for uses that a sandbox does not have: processes,
# sockets, other systems, archives on disk, a developer's terminal, and what stands in for modules
# in C. Only an app or a distribution that imports one of them gets it.
_ONLY_FOR_APPS = frozenset(
    {
        "_py_abc",
        "_pydatetime",
        "_pydecimal",
        "_pyio",
        "_pyrepl",
        "argparse",
        "bdb",
        "bz2",
        "cmd",
        "compression",
        "doctest",
        "ftplib",
        "getopt",
        "http.client",
        "http.cookiejar",
        "http.server",
        "importlib.metadata",
        "importlib.readers",
        "importlib.resources",
        "lzma",
        "multiprocessing",
        "ntpath",
        "nturl2path",
        "optparse",
        "pdb",
        "py_compile",
        "pydoc",
        "rlcompleter",
        "socket",
        "ssl",
        "statistics",
        "subprocess",
        "tarfile",
        "tracemalloc",
        "unittest",
        "urllib.request",
        "webbrowser",
        "zipfile",
    }
)
# Which a loader imports for it.
_IMPLIED = {"hashlib": "fastly_compute_hashes", "importlib.resources": "importlib.readers"}
_NEVER = frozenset({"__pycache__", "idlelib", "site-packages", "test", "tkinter", "turtledemo"})


def _imported(source: str, package: str) -> Iterator[tuple[str, bool]]:
    """List what a module may import, as far as its text tells, and what it cannot do without."""
    for found in _IMPORT.finditer(_MAIN.sub("", source)):
        needed = found["indent"] == ""
        for name in _names(found, package):
            yield from ((part, needed) for part in _with_parents(name))


def _imports(name: str, path: str, source: bytes) -> bytes:
    package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
    return marshal.dumps(list(_imported(source.decode("utf-8", "replace"), package)))


def _names(found: re.Match[str], package: str) -> Iterator[str]:
    origin = found["source"]
    if found["literal"]:
        yield found["literal"]
    elif found["modules"]:
        for part in found["modules"].split(","):
            yield from _NAME.findall(part)[:1]
    elif origin:
        base = origin.lstrip(".")
        level = len(origin) - len(base)
        if level:
            above = package.split(".")[: len(package.split(".")) - level + 1]
            base = ".".join([*above, *filter(None, [base])])
        yield base
        for part in found["names"].strip("()").split(","):
            for name in _NAME.findall(part)[:1]:
                yield f"{base}.{name}"


def _library() -> dict[str, str]:
    """List the modules of the standard library, with their files."""
    found = {}
    for root in (_PYTHON, _STAND_INS):
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in _NEVER]
            package = folder[len(root) + 1 :].replace("/", ".")
            for name in names:
                if name.endswith(".py"):
                    parts = [package, name[:-3]] if name != "__init__.py" else [package]
                    found[".".join(filter(None, parts))] = f"{folder}/{name}"
    return found


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _remembered(purpose: str, path: str, source: bytes, make: Callable[[], bytes]) -> bytes:
    """Make something of a module, or read what an earlier build from the same base made of it."""
    from _sha2 import sha256  # type: ignore[import-not-found]

    key = sha256(b"\0".join((purpose.encode(), path.encode(), source)))
    remembered = f"{_KEPT}/{key.hexdigest()}"
    try:
        with open(remembered, "rb") as file:  # noqa: PTH123
            return file.read()
    except FileNotFoundError:
        made = make()
    new = f"{remembered}.{os.urandom(8).hex()}"  # another build may write the same
    with open(new, "wb") as file:  # noqa: PTH123
        file.write(made)
    os.rename(new, remembered)  # noqa: PTH104
    return made


class Embedding:
    """Collects modules and files, and keeps them.

    Args:
        roots: The app's own import roots, whose modules change often.

    Attributes:
        sizes: How many bytes were kept, by the name of the top-level module or folder.
        modules: How many modules were.
        files: How many files were.
        wanted: The names of what something kept or loaded may import.
    """

    def __init__(self, roots: Iterable[str] = ()) -> None:
        self._edited = tuple(roots)
        self._remembers = os.path.isdir(_KEPT)  # noqa: PTH112
        self.sizes: dict[str, int] = {}
        self.modules = self.files = 0
        self.wanted: set[str] = set()

    def add_module(self, name: str, path: str) -> None:
        """Keep a module, unless it is loaded or not valid, and note what it imports."""
        with open(path, "rb") as file:  # noqa: PTH123
            source = file.read()
        remember = self._remembers and not path.startswith(self._edited)

        def made(purpose: str, make: Callable[[], bytes]) -> bytes:
            return _remembered(purpose, path, source, make) if remember else make()

        library = path.startswith(f"{_PYTHON}/")
        shut = _ONLY_FOR_APPS.difference(_with_parents(name)) if library else frozenset()
        for found, needed in marshal.loads(made("imports", lambda: _imports(name, path, source))):  # noqa: S302
            if needed or shut.isdisjoint(_with_parents(found)):
                self.wanted |= {found, _IMPLIED.get(found, found)}
        if not library and not name.startswith("fastly_compute.") and _COROUTINE.search(source):
            self.wanted.add("asyncio")  # which it may await something of the SDK's with
        if name in sys.modules:
            return
        try:
            packed = made("code", lambda: late_imports.pack(compile_module(source, path)))
        except (SyntaxError, ValueError):  # a template, or for another Python
            return
        self._count(name.partition(".")[0], late_imports.add(name, path, packed))
        self.modules += 1

    def add_file(self, path: str, owner: str) -> None:
        """Keep a file."""
        if owner == "tzdata" and "zoneinfo" not in self.wanted | sys.modules.keys():
            return
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read()
        if path.endswith(".dist-info/METADATA"):
            content = content.partition(b"\n\n")[0]  # what follows is the README
        size = files.add(path, content, int(os.stat(path).st_mtime))  # noqa: PTH116
        self._count(owner, size)
        self.files += 1

    def add_library(self, library: dict[str, str]) -> None:
        """Keep those modules of the standard library that something kept or loaded may import."""
        done: set[str] = set()
        todo = sys.modules.keys() & library.keys()
        while todo:
            for name in sorted(todo):
                self.add_module(name, library[name])
            done |= todo
            todo = (self.wanted & library.keys()) - done

    def _count(self, owner: str, size: int) -> None:
        self.sizes[owner] = self.sizes.get(owner, 0) + size


def embed(named: dict[str, Any], roots: Iterable[str]) -> Embedding:
    """Keep what the build names, and what that needs of the standard library.

    Args:
        named: The `modules` with their paths, the `files` with their owners, and the names of
            further modules to `include`; "*" is all of the standard library.
        roots: The app's own import roots, whose modules change often.
    """
    kept = Embedding(roots)
    modules = dict(named["modules"])
    event_loop = modules.pop(late_imports.EVENT_LOOP, None)
    for name, path in modules.items():
        kept.add_module(name, path)
    library = _library()
    for name in named["include"]:
        kept.wanted.update(library if name == "*" else _with_parents(name))
    # An app without coroutines must not get asyncio only because the event loop imports it.
    if event_loop and "asyncio" in kept.wanted:
        kept.add_module(late_imports.EVENT_LOOP, event_loop)
    kept.add_library(library)
    for path, owner in named["files"]:
        kept.add_file(path, owner)
    late_imports.install(library)
    return kept
