"""Compile components once: the result is kept on disk and loaded from there.

The code that a component has in common with others is compiled apart: see `separate`.
"""

import contextlib
import ctypes
import hashlib
import os
import platform
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import platformdirs
from wasmtime import Engine, Module, WasmtimeError
from wasmtime.component import Component

from fastly_compute.local.runtime.wasm.separate import separate

KEPT = 8
"""Most compiled files kept on disk; each takes about 20 MB."""

_Code = TypeVar("_Code", Component, Module)


class ComponentError(ValueError):
    """A file is not a component that this host can run."""


def cache_folder() -> Path:
    """Return the folder for built and compiled files.

    It is ``$FASTLY_COMPUTE_CACHE``, or the system's cache folder of the user.
    """
    given = os.environ.get("FASTLY_COMPUTE_CACHE")
    return Path(given) if given else platformdirs.user_cache_path("fastly-compute")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A component, ready to be instantiated.

    Attributes:
        component: The component.
        code: What it imports as `separate.CODE`; None if it has its code itself.
    """

    component: Component
    code: Module | None


def compiled(engine: Engine, path: Path) -> Compiled:
    """Compile a component, or load what an earlier run compiled.

    Args:
        engine: The result of `make_engine`.
        path: The component's file.

    Raises:
        ComponentError: The file cannot be read, or is not a component.
    """
    try:
        wasm = path.read_bytes()
    except OSError as error:
        raise ComponentError(f"cannot read {path}: {error.strerror}") from error
    if wasm[:4] != b"\0asm":
        raise ComponentError(
            f"{path} is not WebAssembly; give a component, such as the bin/main.wasm of a build"
        )
    if wasm[4:8] == b"\x01\0\0\0":
        raise ComponentError(f"{path} is a core module; Fastly Compute runs components of the WIT")
    parts = separate(wasm)
    try:
        if parts is None:
            return Compiled(_loaded(engine, Component, wasm), None)
        code = _loaded(engine, Module, parts.code)
        return Compiled(_loaded(engine, Component, parts.component), code)
    except WasmtimeError as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise ComponentError(f"{path} is not a valid component: {reason}") from error


def _loaded(engine: Engine, kind: type[_Code], wasm: bytes) -> _Code:
    """Load what was compiled before, or compile it."""
    folder = cache_folder() / "compiled"
    key = hashlib.sha256(wasm)
    compiler = f"wasmtime {version('wasmtime')} {platform.machine()}"
    key.update(f"{compiler} epochs, no concurrency".encode())
    kept = folder / f"{key.hexdigest()}.cwasm"
    if kept.exists():
        try:
            found = kind.deserialize_file(engine, str(kept))
        except WasmtimeError:
            kept.unlink(missing_ok=True)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.utime(kept)
            return found
    made = kind(engine, wasm)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(kept, bytes(made.serialize()))
    except OSError:  # without a cache, it is compiled each time
        return made
    _forget_old(folder)
    try:
        # Mapping the file takes less memory than the freshly compiled code, and starts faster.
        mapped = kind.deserialize_file(engine, str(kept))
    except WasmtimeError:  # another process has removed it
        return made
    made.close()
    _trim_memory()
    return mapped


def _trim_memory() -> None:
    """Return the memory that compiling took, some 250 MB, if the C library would keep it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _write(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)


def _forget_old(folder: Path) -> None:
    ages = []
    for file in folder.glob("*.cwasm"):
        try:
            ages.append((file.stat().st_mtime, file))
        except FileNotFoundError:  # another process removed it
            continue
    for _, file in sorted(ages)[:-KEPT]:
        file.unlink(missing_ok=True)
