"""Builds from a base: an interpreter that has started, and in which no app was imported yet.

Most of what componentize-py does is the same for each app: it links CPython, compiles it and starts
it. A base is what it makes without an app. A build from a base resumes the interpreter on
this machine, imports the app there, and puts the memory that results into the base; what comes of
it is a component as componentize-py would have built it, and goes through the same passes.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ctypes import byref, string_at
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Func, Instance

from fastly_compute.cli.component import componentize
from fastly_compute.cli.component.componentize import Componentized
from fastly_compute.cli.component.package_worlds import PackageWorlds, installed_state
from fastly_compute.cli.component.wasm import resumable
from fastly_compute.cli.component.wasm.with_image import PAGE, with_image
from fastly_compute.local.runtime.wasm.compiled import cache_folder
from fastly_compute.local.runtime.wasm.lift import OFFSET, STRIDE
from fastly_compute.local.runtime.wasm.link import Links

_KEPT = 3
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})
_COPIED = ("python", "world", "bundled")
_CHUNK = 1 << 22
_MOST_MEMORY = 128 << 20
# What componentize-py keeps of what an app prints while it is imported: more is an error there.
_MOST_OUTPUT = 10_000


class BaseError(Exception):
    """The app cannot be built from the base; componentize-py has to try it."""


class Base:
    """A base on disk.

    Args:
        folder: The folder that `make_base` made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine = _engine()
        self._component: Component | None = None
        self._package_worlds = PackageWorlds()

    def build(
        self,
        work: Path,
        entry: str,
        own: Sequence[str],
        roots: Sequence[Path],
        passes: Iterable[str],
        embedding: str,
    ) -> Componentized:
        """Make a component of an app, as `componentize` does.

        Raises:
            BaseError: The interpreter ended, the app needs or prints too much, or a package has
                its own WIT world.
        """
        guest = componentize.guest_folder(work, entry, own, passes, embedding)
        installed = {
            number: root
            for number, root in enumerate(roots)
            if root.name in _PACKAGE_FOLDERS and f"/{number}/" not in own
        }
        configured = self._package_worlds.find(roots, installed.values())
        if configured is not None:
            raise BaseError(f"{configured.name} in {configured.parent} is for componentize-py")
        folders = " ".join(map(str, (len(roots), *installed)))
        (guest / "folders").write_text(folders, encoding="utf-8")
        mounts = {str(number): root for number, root in enumerate(roots)}
        mounts |= {name: self._folder / "copied" / name for name in _COPIED}
        mounts["guest"] = guest
        mounts["bytecode"] = self._bytecode(installed)
        # In a thread: nothing could interrupt this one while the guest runs.
        with ThreadPoolExecutor(1) as pool:
            resumed = pool.submit(self._resume, work, mounts)
            try:
                image = resumed.result()
            except (WasmtimeError, OSError) as error:
                raise BaseError(str(error)) from error
            except BaseException:
                self._engine.increment_epoch()
                raise
        output = b"".join((work / name).read_bytes() for name in ("stdout", "stderr"))
        if len(output) > _MOST_OUTPUT:
            raise BaseError("the app prints too much")
        if (guest / "unlinked").is_file():
            raise BaseError("the app has a native extension for WebAssembly")
        if image is None and not (guest / "report").is_file():
            raise BaseError("the interpreter failed")
        component = None if image is None else with_image(self._wasm(), image)
        return Componentized(component, output.decode(errors="replace"), guest)

    def _bytecode(self, installed: Mapping[int, Path]) -> Path:
        """Make the folder for the bytecode of what is installed.

        The guest knows a root by its number only, and a file's version by its size and the second
        of its last change: installers may have written two versions in the same one.
        """
        key = hashlib.sha256()
        for number, root in installed.items():
            key.update(repr((number, str(root), installed_state(root))).encode())
        folder = self._folder / "bytecode" / key.hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _forget(folder.parent)
        return folder

    def _wasm(self) -> bytes:
        try:
            return (self._folder / "base.wasm").read_bytes()
        except OSError as error:  # another run has removed it
            raise BaseError(str(error)) from error

    def _resume(self, work: Path, mounts: dict[str, Path]) -> bytes | None:
        """Import the app; return the memory, or None if the import failed."""
        if self._component is None:
            file = self._folder / "base.cwasm"
            self._component = Component.deserialize_file(self._engine, str(file))
        wasi = WasiConfig()
        for name, folder in mounts.items():
            wasi.preopen_dir(str(folder), name, name not in _COPIED)  # the others may be written
        wasi.stdout_file = str(work / "stdout")
        wasi.stderr_file = str(work / "stderr")
        # While the app is imported, the guest refuses to call any function of a Compute host.
        links = Links(self._engine, self._component)
        with contextlib.closing(Store(self._engine)) as store:
            store.set_wasi(wasi)
            store.set_epoch_deadline(1)
            return self._image(store, links.linker.instantiate(store, self._component))

    def _image(self, store: Store, instance: Instance) -> bytes | None:
        def call(name: str, *arguments: int) -> Any:
            return _function(store, instance, name)(store, *arguments)

        address = int((self._folder / "resume").read_text(encoding="utf-8"))
        state = call(resumable.ATTACH)
        if call(resumable.RUN, address, 0):
            return None
        call(resumable.DETACH, state)
        for name in resumable.FORGET:
            call(name)
        size = call(resumable.SIZE) * PAGE
        if size > _MOST_MEMORY:
            raise BaseError("the app needs too much memory")
        read = _function(store, instance, resumable.READ)
        return b"".join(
            _read(store, read, start, min(_CHUNK, size - start)) for start in range(0, size, _CHUNK)
        )


def _function(store: Store, instance: Instance, name: str) -> Func:
    function = instance.get_func(store, name)
    if function is None:
        raise BaseError(f"the base has no function {name}")
    return function


def _read(store: Store, function: Func, start: int, length: int) -> bytes:
    """Read memory: wasmtime's own conversion of a list takes a second for each megabyte."""
    arguments = (ffi.wasmtime_component_val_t * 2)()
    for argument, value in zip(arguments, (start, length // 8), strict=True):
        argument.kind = ffi.WASMTIME_COMPONENT_U32
        argument.of.u32 = value
    result = ffi.wasmtime_component_val_t()
    error = ffi.wasmtime_component_func_call(
        byref(function._func), store._context(), arguments, 2, byref(result), 1
    )
    if error:
        raise WasmtimeError._from_ptr(error)
    items = result.of.list
    numbers = memoryview(string_at(items.data, items.size * STRIDE)).cast("Q")
    found = numbers[OFFSET // 8 :: STRIDE // 8].tobytes()
    ffi.wasmtime_component_val_delete(byref(result))
    return found


def base_folder() -> Path:
    """Return where the base of these tools is, or would be."""
    tools = version("componentize-py"), version("wasmtime"), platform.machine()
    key = hashlib.sha256(repr(tools).encode())
    tool = Path(__file__).parents[1]
    for folder in (tool / "component", tool / "wit"):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                name = file.relative_to(tool).as_posix()
                key.update(repr((name, file.read_bytes())).encode())
    return cache_folder() / "bases" / key.hexdigest()


def find_base() -> Base | None:
    """Find the base that an earlier run made."""
    folder = base_folder()
    if not (folder / "resume").is_file():
        return None
    os.utime(folder)  # the bases used last are kept
    return Base(folder)


def make_base(prefix: str = "") -> None:
    """Make a base, which takes as long as a build and the compilation of its result.

    Args:
        prefix: What the name of the temporary folder beside it begins with.

    Raises:
        BaseError: componentize-py failed.
    """
    folder = base_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{prefix}", dir=folder.parent) as name:
        work = Path(name)
        guest = componentize.copy_guest(work / "guest")
        (guest / "copied").mkdir()
        component, output = componentize.run(work, [guest], "fastly_compute_base")
        if component is None:
            raise BaseError(output)
        made = work / "base"
        made.mkdir()
        compiled = Component(_engine(), resumable.resumable(component))
        (made / "base.wasm").write_bytes(component)
        (made / "base.cwasm").write_bytes(bytes(compiled.serialize()))
        for part in ("copied", "resume"):
            (guest / part).rename(made / part)
        with contextlib.suppress(OSError):  # another process was faster
            made.rename(folder)
    _forget(folder.parent)


def _forget(folder: Path) -> None:
    """Remove all folders in one but those used last."""
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process forgot it
            if not path.name.startswith("."):
                found.append((path.stat().st_mtime, path))
    for _, old in sorted(found)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


class BackgroundBase:
    """Makes a base in another process, while an app is served."""

    def __init__(self) -> None:
        self._prefix = f"{os.getpid()}-{id(self)}-"
        make = f"from {__name__} import make_base; make_base({self._prefix!r})"
        # In a new session, so that all of it can be ended.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", make],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._said = ""

    def failure(self) -> str | None:
        """Say why it failed, once; None if it did not, or is not ready."""
        if self._said or not self._process.poll():
            return None
        self._said = self._process.communicate()[1].strip() or "it was ended"
        return self._said.splitlines()[-1]

    def close(self) -> None:
        """End it, whether it is ready or not, and leave nothing half made."""
        with self._process:  # waits for it, and closes the pipe
            if self._process.poll() is None:
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        for left in base_folder().parent.glob(f".{self._prefix}*"):
            shutil.rmtree(left, ignore_errors=True)


def _engine() -> Engine:
    config = Config()
    config.epoch_interruption = True
    ffi.wasmtime_config_concurrency_support_set(config.ptr(), False)
    return Engine(config)
