"""The module that componentize-py imports for a base: an interpreter that has no app yet.

A base has imported all that the import of any app begins with. The build resumes it later, with the
folders of an app, and runs `_RESUME` in it.

The modules of this folder get the paths under which the build mounts them then.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from typing import Any

sys.dont_write_bytecode = True
sys.pycache_prefix = "/nowhere"

_HERE = "/0"
_GUEST = "/guest"
_COPIED = ("python", "world", "bundled")
_LINKED = "-wasm32-wasi.so"  # what componentize-py links, and a base comes without
_RESUME = b"import fastly_compute_base\nfastly_compute_base.resume()\0"
_BUFFER = bytearray(1 << 16)


class _Loader(SourceFileLoader):
    def get_data(self, path: str) -> bytes:
        return super().get_data(path.replace(_GUEST, _HERE, 1))


class _Finder:
    """Finds the modules of this folder under their later paths."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if f"{name}.py" not in _names:
            return None
        file = f"{_GUEST}/{name}.py"
        spec = ModuleSpec(name, _Loader(name, file), origin=file)
        spec.has_location = True
        return spec


def _copy(folder: str, target: str) -> None:
    """Copy what only componentize-py has: the standard library and the bindings."""
    os.mkdir(target)  # noqa: PTH102 - pathlib would be in every image
    for entry in os.scandir(folder):
        if entry.is_dir():
            if entry.name != "__pycache__":
                _copy(entry.path, f"{target}/{entry.name}")
            continue
        with (
            open(entry.path, "rb", 0) as source,  # noqa: PTH123
            open(f"{target}/{entry.name}", "wb", 0) as copy,  # noqa: PTH123
        ):
            while size := source.readinto(_BUFFER):
                copy.write(memoryview(_BUFFER)[:size])


class _Incoming:
    """What componentize-py holds: it gets the `handle` of an app later."""


_incoming: Any = _Incoming()
_names = set(os.listdir(_HERE))  # noqa: PTH208
for _name in _COPIED:
    _copy(f"/{_name}", f"{_HERE}/copied/{_name}")
sys.meta_path.insert(0, _Finder)
import fastly_compute_entry  # noqa: E402

sys.meta_path.remove(_Finder)
import random  # noqa: E402

with open(f"{_HERE}/resume", "w", encoding="utf-8") as _file:  # noqa: PTH123
    _file.write(str(id(_RESUME) + sys.getsizeof(b"") - 1))


@contextmanager
def _installed_bytecode(folders: tuple[str, ...]) -> Iterator[None]:
    """Keep the bytecode of what is installed; an edited file may change too fast for its check."""
    loader: Any = SourceFileLoader
    write = loader._cache_bytecode

    def write_installed(self: Any, source: str, bytecode: str, data: bytes) -> None:
        if source.startswith(folders):
            write(self, source, bytecode, data)

    loader._cache_bytecode = write_installed
    sys.pycache_prefix, sys.dont_write_bytecode = "/bytecode", False
    try:
        yield
    finally:
        loader._cache_bytecode = write
        sys.pycache_prefix, sys.dont_write_bytecode = "/nowhere", True


@contextmanager
def _noted_extensions() -> Iterator[None]:
    """Tell the build of a native extension that a component by componentize-py could load."""
    loader: Any = ExtensionFileLoader
    create = loader.create_module

    def create_noted(self: Any, spec: ModuleSpec) -> Any:
        if self.path.endswith(_LINKED):
            with open(f"{_GUEST}/unlinked", "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(self.path)
        return create(self, spec)

    loader.create_module = create_noted
    try:
        yield
    finally:
        loader.create_module = create


def resume() -> None:
    """Import the app whose folders are there now."""
    random.seed()  # else each build has the random numbers of the base
    with open(f"{_GUEST}/folders", encoding="utf-8") as file:  # noqa: PTH123
        count, *installed = map(int, file.read().split())
    place = sys.path.index(_HERE)
    sys.path[place : place + 1] = [*(f"/{number}" for number in range(count)), _GUEST]
    sys.path_importer_cache.clear()
    folders = ("/python/", *(f"/{number}/" for number in installed))
    with _noted_extensions(), _installed_bytecode(folders):
        app = fastly_compute_entry.import_app()
    _incoming.handle = app.handle


def HttpIncoming() -> Any:  # noqa: N802 - componentize-py looks for it under this name
    """Give componentize-py what answers the requests."""
    return _incoming
