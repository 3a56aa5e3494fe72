"""Mends the standard library, for an app that imports it.

The guest's CPython is built for WASI, and comes without OpenSSL. What it lacks is filled in or
refused with a clear error. An app that does not import a module does not carry what mends it.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import ModuleType
from typing import Any

import fastly_compute_clocks
import fastly_compute_refusals

# What changes a module once it is there: a module of this folder, and its function.
_MENDED = {
    "fastly_compute.asgi.warm_up": ("fastly_compute_repeats", "note"),
    "fastly_compute.wsgi.warm_up": ("fastly_compute_repeats", "note"),
    "hashlib": ("fastly_compute_hashes", "mend"),
    "multiprocessing.process": ("fastly_compute_refusals", "refuse_processes"),
    "socket": ("fastly_compute_refusals", "refuse_sockets"),
}


class _Loader:
    """Loads a module as its own loader does, and changes it."""

    def __init__(self, loader: Any, mender: str, function: str) -> None:
        self._loader = loader
        self._mender = mender
        self._function = function

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        getattr(importlib.import_module(self._mender), self._function)(module)


class _Finder:
    """Finds the modules that are changed, where the other finders find them."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        mender = _MENDED.get(name)
        if mender is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is _Finder else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader, *mender)  # type: ignore[assignment]
                return spec
        return None


_create_extension = ExtensionFileLoader.create_module


def _create_module(loader: ExtensionFileLoader, spec: ModuleSpec) -> ModuleType:
    """Load a native extension; one for another machine counts as not there.

    Many packages can do without an extension that they do not find, and not without one that
    they find and that cannot be loaded.
    """
    try:
        return _create_extension(loader, spec)
    except ImportError as error:
        if str(error) != "library not found":
            raise
        message = f"No module named {spec.name!r}: {loader.path} is for another machine"
        raise ModuleNotFoundError(message, name=spec.name, path=loader.path) from error


def install() -> None:
    """Start to mend, before anything else is imported."""
    fastly_compute_clocks.install()
    fastly_compute_refusals.refuse_threads()
    ExtensionFileLoader.create_module = _create_module  # type: ignore[assignment,method-assign]
    sys.meta_path.insert(0, _Finder)
    # What is there is found where the guest has no module of that name.
    sys.path.append(f"{__file__.rpartition('/')[0]}/stand_ins")


def seal() -> None:
    """End the build: from here on, this is a sandbox."""
    fastly_compute_clocks.pause()
