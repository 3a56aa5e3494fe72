"""The files of a component: what `open`, `os.stat` and their like find at run time.

A sandbox has no file system. The build keeps files in the image instead, compressed, and these
functions read them from there. While the app is imported they are the real ones.
"""
# ruff: noqa: PTH118 - this is what pathlib is made of

import builtins
import errno
import io
import os
import posix
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

_real: Any = {}  # what was there before, by the names of the functions
_contents: dict[str, tuple[bytes, int, int]] = {}  # compressed or not, size, time of change
_folders: dict[str, list[str]] = {}
_aliases: dict[str, str] = {}  # other names of folders
_home = "/"
_sealed = False

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_WRITERS = (
    "chmod",
    "link",
    "mkdir",
    "remove",
    "rename",
    "replace",
    "rmdir",
    "symlink",
    "truncate",
    "unlink",
    "utime",
)


def add(path: str, content: bytes, changed: int) -> int:
    """Keep a file.

    Args:
        path: Its absolute path.
        content: Its content.
        changed: When it was changed, in seconds since 1970.

    Returns:
        How many bytes it takes.
    """
    packed = zlib.compress(content, 9)
    _contents[path] = (packed if len(packed) < len(content) else content, len(content), changed)
    child = path
    while child != "/":
        folder, _, name = child.rpartition("/")
        names = _folders.setdefault(folder or "/", [])
        if name in names:
            break
        names.append(name)
        child = folder or "/"
    return len(_contents[path][0])


def seal(aliases: dict[str, str]) -> None:
    """Serve files from the image from here on.

    Args:
        aliases: Folders that have another name, by that name.
    """
    global _home, _sealed
    _home = os.getcwd()  # noqa: PTH109
    _aliases.update(aliases)
    for names in _folders.values():
        names.sort()
    _sealed = True


def read(path: str) -> bytes:
    """Read a file that was kept.

    Raises:
        KeyError: It was not kept.
    """
    content, size, _ = _contents[path]
    return content if len(content) == size else zlib.decompress(content)


def _error(number: int, path: Any, why: str = "") -> OSError:
    return OSError(number, f"{os.strerror(number)}{why}", os.fspath(path))


def _missing(path: Any) -> OSError:
    why = ""
    if _absolute(path).startswith(f"{_home}/"):
        why = " in the component (`include` under [tool.fastly-compute] names files to add)"
    return _error(errno.ENOENT, path, why)


def _read_only(path: Any) -> OSError:
    return _error(errno.EROFS, path, ": a sandbox has no disk to write to")


def _absolute(path: Any) -> str:
    found = os.path.normpath(os.path.join(_home, os.fsdecode(path)))
    for alias, folder in _aliases.items():
        if found == alias or found.startswith(f"{alias}/"):
            return folder + found[len(alias) :]
    return found


class _RawFile(io.RawIOBase):
    """A file that was kept, open for reading."""

    mode = "rb"

    def __init__(self, name: Any, content: bytes) -> None:
        self.name = name
        self._content = memoryview(content)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        part = self._content[self._position : self._position + len(view)]
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def readall(self) -> bytes:
        part = self._content[self._position :]
        self._position += len(part)
        return bytes(part)

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._position, len(self._content))[whence]
        if start + offset < 0:
            raise _error(errno.EINVAL, self.name)
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position


def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Callable[[Any, int], int] | None = None,
) -> Any:
    if not _sealed or isinstance(file, int) or opener is not None:
        return _real["open"](file, mode, buffering, encoding, errors, newline, closefd, opener)
    if set(mode) & set("wax+"):
        raise _read_only(file)
    path = _absolute(file)
    if path not in _contents:
        raise _error(errno.EISDIR, file) if path in _folders else _missing(file)
    raw = _RawFile(file, read(path))
    if buffering == 0 and "b" in mode:
        return raw
    buffered = io.BufferedReader(raw)
    if "b" in mode:
        return buffered
    text = io.TextIOWrapper(buffered, io.text_encoding(encoding), errors, newline)
    text.mode = mode  # type: ignore[misc]
    return text


def _open_code(path: str) -> Any:
    return _open(path, "rb") if _sealed else _real["open_code"](path)


def _open_descriptor(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    if not _sealed:
        return int(_real["posix.open"](path, flags, mode, dir_fd=dir_fd))
    if flags & _WRITING:
        raise _read_only(path)
    raise _error(errno.ENOTSUP, path, ": a sandbox has no file descriptors; use open()")


def _stat(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
    if not _sealed or isinstance(path, int):
        found: os.stat_result = _real["stat"](path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        return found
    absolute = _absolute(path)
    if absolute in _contents:
        _, size, changed = _contents[absolute]
        return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, size, *[changed] * 3))
    if absolute in _folders:
        return os.stat_result((stat.S_IFDIR | 0o555, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    raise _missing(path)


def _lstat(path: Any, *, dir_fd: int | None = None) -> os.stat_result:
    return _stat(path, dir_fd=dir_fd, follow_symlinks=False)


def _access(path: Any, mode: int, **options: Any) -> bool:
    if not _sealed:
        return bool(_real["access"](path, mode, **options))
    absolute = _absolute(path)
    return not mode & os.W_OK and (absolute in _contents or absolute in _folders)


def _readlink(path: Any, *, dir_fd: int | None = None) -> Any:
    if not _sealed:
        return _real["readlink"](path, dir_fd=dir_fd)
    _stat(path)
    raise _error(errno.EINVAL, path)  # as for any file that is not a link


def _listdir(path: Any = None) -> list[Any]:
    if not _sealed or isinstance(path, int):
        names: list[Any] = _real["listdir"](path)
        return names
    path = os.fspath("." if path is None else path)
    absolute = _absolute(path)
    if absolute not in _folders:
        raise _error(errno.ENOTDIR, path) if absolute in _contents else _missing(path)
    names = _folders[absolute]
    return [os.fsencode(name) for name in names] if isinstance(path, bytes) else list(names)


class _DirEntry:
    """What `os.scandir` gives for each file: see `os.DirEntry`."""

    __slots__ = ("name", "path")

    def __init__(self, folder: Any, name: Any) -> None:
        self.name = name
        self.path = os.path.join(folder, name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return _absolute(self.path) in _folders

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return _absolute(self.path) in _contents

    def is_symlink(self) -> bool:
        return False

    def is_junction(self) -> bool:
        return False

    def inode(self) -> int:
        return 0

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return _stat(self.path)


class _Scan:
    """The iterator that `os.scandir` gives."""

    def __init__(self, folder: Any) -> None:
        self._entries = iter([_DirEntry(folder, name) for name in _listdir(folder)])

    def __iter__(self) -> Iterator[_DirEntry]:
        return self

    def __next__(self) -> _DirEntry:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter([])


def _scandir(path: Any = None) -> Any:
    if not _sealed or isinstance(path, int):
        return _real["scandir"](path)
    return _Scan(os.fspath("." if path is None else path))


def _writer(name: str) -> Callable[..., Any]:
    real = getattr(posix, name)

    def refuse(path: Any, *arguments: Any, **options: Any) -> Any:
        if _sealed:
            raise _read_only(path)
        return real(path, *arguments, **options)

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def install() -> None:
    """Replace the real functions, before other modules import them."""
    functions: dict[str, Callable[..., Any]] = {
        "access": _access,
        "listdir": _listdir,
        "lstat": _lstat,
        "readlink": _readlink,
        "scandir": _scandir,
        "stat": _stat,
    }
    _real.update({name: getattr(posix, name) for name in functions})
    _real.update({"posix.open": posix.open, "open": io.open, "open_code": io.open_code})
    functions |= {name: _writer(name) for name in _WRITERS if hasattr(posix, name)}
    functions["open"] = _open_descriptor
    for name, function in functions.items():
        setattr(posix, name, function)
        setattr(os, name, function)
    core_io = sys.modules["_io"]
    for module in (builtins, io, core_io):
        module.open = _open  # type: ignore[attr-defined]
    for module in (io, core_io):
        module.open_code = _open_code  # type: ignore[attr-defined]
