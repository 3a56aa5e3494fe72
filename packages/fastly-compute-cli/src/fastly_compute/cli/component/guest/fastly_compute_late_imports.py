"""Imports at run time of modules that the app did not import when it was built."""

import importlib
import importlib.machinery
import marshal
import sys
import zlib
from collections.abc import Iterable, Sequence
from types import CodeType, ModuleType

EVENT_LOOP = "fastly_compute.http.event_loop"
"""What `asyncio` needs in a guest, which has no sockets for the loops of the standard library."""

_codes: dict[str, tuple[str, bytes]] = {}  # the path and the compressed code, by name
_folders: dict[str, list[str]] = {}  # of namespace packages
_python = ""  # the names of the modules of the standard library, one on a line


def pack(code: CodeType) -> bytes:
    """Compress a module's code."""
    return zlib.compress(marshal.dumps(code), 9)


def add(name: str, path: str, packed: bytes) -> int:
    """Keep a module's code.

    Returns:
        How many bytes it takes.
    """
    _codes[name] = (path, packed)
    parent, folder = name.rpartition(".")[0], path.rpartition("/")[0]
    if path.endswith("/__init__.py"):
        folder = folder.rpartition("/")[0]
    while parent:
        places = _folders.setdefault(parent, [])
        if folder not in places:
            places.append(folder)
        parent, folder = parent.rpartition(".")[0], folder.rpartition("/")[0]
    return len(packed)


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs code that was kept."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = marshal.loads(zlib.decompress(_codes[fullname][1]))  # noqa: S302
        return code

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if module.__name__ == EVENT_LOOP:
            module.install()
        elif module.__name__ == "asyncio" and EVENT_LOOP in _codes:
            importlib.import_module(EVENT_LOOP)


class _Finder:
    """Finds the modules that were kept."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module, as `importlib.abc.MetaPathFinder` says."""
        if name in _codes:
            file = _codes[name][0]
            spec = importlib.machinery.ModuleSpec(name, _Loader(name, file), origin=file)
            spec.has_location = True
            if file.endswith("/__init__.py"):
                spec.submodule_search_locations = [file.rpartition("/")[0]]
            return spec
        if name in _folders:
            spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = list(_folders[name])
            return spec
        if f"\n{name}\n" in _python:
            raise ModuleNotFoundError(
                f"No module named {name!r} in the component. It belongs to Python's standard "
                "library: import it at the top of a module, or add it to `include-modules` under "
                "[tool.fastly-compute] in pyproject.toml",
                name=name,
            )
        return None


def install(python: Iterable[str]) -> None:
    """Find the modules that were kept from here on.

    Args:
        python: The modules of the guest's standard library, for a helpful error.
    """
    global _python
    _python = "\n".join(["", *python, ""])
    # It would take the folder of a package's data for a package. Others, such as six, follow it.
    sys.meta_path.insert(sys.meta_path.index(importlib.machinery.PathFinder), _Finder)
