"""Notices what the code of a native app does and no sandbox can, by the events of `sys.audit`."""

import _thread
import errno
import os
import socket
import sys
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, TypeAlias

from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.runtime.unavailable import (
    UnavailableInSandbox,
    UnavailableInSandboxWarning,
    also,
)

if TYPE_CHECKING:
    from fastly_compute.local.host import Host

_Arguments: TypeAlias = tuple[object, ...]
_Describe: TypeAlias = Callable[[_Arguments], str | None]


def _os_error(number: int) -> Callable[[str], UnavailableInSandbox]:
    kind = also(OSError)

    def make(message: str) -> UnavailableInSandbox:
        error = kind(message)
        if isinstance(error, OSError):
            error.errno = number
        return error

    return make


def _database_error(message: str) -> UnavailableInSandbox:
    # Not at the top: not every Python has it, and few apps import it.
    import sqlite3

    return also(sqlite3.OperationalError)(message)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of action, with its error and what to do instead."""

    error: Callable[[str], UnavailableInSandbox]
    instead: str


_SOCKET = _Kind(
    _os_error(errno.ENOTSUP),
    "a sandbox has no sockets. Send a request to a backend instead, "
    "with fastly_compute.requests or fastly_compute.http.",
)
_THREAD = _Kind(
    also(RuntimeError),
    "a sandbox has one thread. Use gather or asyncio to wait for several requests at once.",
)
_PROCESS = _Kind(
    _os_error(errno.ENOTSUP),
    "a sandbox cannot start processes. Do the work in Python, or send a request to a backend.",
)
_FILE = _Kind(
    _os_error(errno.EROFS),
    "a sandbox has no disk to write to. Keep data in a KV store, or in memory with io.BytesIO.",
)
_DATABASE = _Kind(
    _database_error, "a sandbox has no disk. Use a KV store, or sqlite3.connect(':memory:')."
)
_EXTENSION = _Kind(
    also(ModuleNotFoundError),
    "a sandbox cannot run native code. Use a pure-Python package.",
)

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _always(what: str) -> _Describe:
    return lambda _arguments: what


def _on_path(verb: str) -> _Describe:
    def describe(arguments: _Arguments) -> str | None:
        path = arguments[0]
        return None if isinstance(path, int) else f"{verb} {path!r}"

    return describe


def _open(arguments: _Arguments) -> str | None:
    path, mode, flags = arguments
    if isinstance(path, int) or not isinstance(flags, int):
        return None
    if flags & _WRITING:
        return f"opens {path!r} for writing"
    # `open` gives its mode, `os.open` has none.
    return f"opens a file descriptor of {path!r}" if mode is None else None


def _resolve(arguments: _Arguments) -> str:
    return f"resolves {arguments[0]!r}"


def _send(arguments: _Arguments) -> str | None:
    return None if arguments[1] is None else "sends a datagram"


def _connect_database(arguments: _Arguments) -> str | None:
    name = arguments[0]
    if name in {"", b"", ":memory:", b":memory:"} or str(name).startswith("file::memory:"):
        return None
    return f"opens the database {name!r}"


def _import(arguments: _Arguments) -> str | None:
    name, file = str(arguments[0]), arguments[1]
    if file is None or name.partition(".")[0] in sys.stdlib_module_names:
        return None
    return f"imports the native extension {name}"


def _load_library(arguments: _Arguments) -> str | None:
    return None if arguments[0] is None else f"loads the library {arguments[0]!r}"


_EVENTS: dict[str, tuple[_Kind, _Describe]] = {
    "socket.__new__": (_SOCKET, _always("opens a socket")),
    "socket.bind": (_SOCKET, _always("binds a socket")),
    "socket.connect": (_SOCKET, _always("connects a socket")),
    "socket.sendmsg": (_SOCKET, _send),
    "socket.sendto": (_SOCKET, _send),
    "socket.getaddrinfo": (_SOCKET, _resolve),
    "socket.gethostbyaddr": (_SOCKET, _resolve),
    "socket.gethostbyname": (_SOCKET, _resolve),
    "socket.getnameinfo": (_SOCKET, _resolve),
    "_thread.start_joinable_thread": (_THREAD, _always("starts a thread")),
    "_thread.start_new_thread": (_THREAD, _always("starts a thread")),
    "os.exec": (_PROCESS, _always("replaces its process")),
    "os.fork": (_PROCESS, _always("starts a process")),
    "os.forkpty": (_PROCESS, _always("starts a process")),
    "os.posix_spawn": (_PROCESS, _always("starts a process")),
    "os.spawn": (_PROCESS, _always("starts a process")),
    "os.startfile": (_PROCESS, _always("starts a process")),
    "os.system": (_PROCESS, _always("starts a process")),
    "subprocess.Popen": (_PROCESS, _always("starts a process")),
    "open": (_FILE, _open),
    "os.chmod": (_FILE, _on_path("sets the permissions of")),
    "os.link": (_FILE, _on_path("makes a link to")),
    "os.mkdir": (_FILE, _on_path("makes the folder")),
    "os.remove": (_FILE, _on_path("removes")),
    "os.rename": (_FILE, _on_path("renames")),
    "os.rmdir": (_FILE, _on_path("removes the folder")),
    "os.symlink": (_FILE, _on_path("makes a link to")),
    "os.truncate": (_FILE, _on_path("truncates")),
    "os.utime": (_FILE, _on_path("sets the times of")),
    "sqlite3.connect": (_DATABASE, _connect_database),
    "import": (_EXTENSION, _import),
    "ctypes.dlopen": (_EXTENSION, _load_library),
}

_HOST = ("fastly_compute.local.", "fastly_compute.testing.")
_IMPORTS = ("importlib._bootstrap", "importlib._bootstrap_external")
_HARMLESS: frozenset[CodeType] = frozenset(
    {
        socket.socketpair.__code__,  # connects a process with itself: asyncio's way to wake up
        tempfile._get_default_tempdir.__code__,  # type: ignore[attr-defined]  # tries folders out
        weakref.finalize.__call__.__code__,  # runs when some object of anyone's is collected
    }
)


class _Running(threading.local):
    """The host of the app whose code this thread runs, if any."""

    host: "Host | None" = None


_running = _Running()
_lock = threading.Lock()
_installed = False


def call_guest(host: "Host", incoming: Callable[[], Any], request: Request, body: Body) -> None:
    """Let an app handle a request: what happens until it returns, on this thread, is its doing.

    Args:
        host: The host, whose `unavailable` says what happens if it does what no sandbox can.
        incoming: Makes the object with the app's method ``handle``.
        request: The request.
        body: Its body.
    """
    before = _running.host
    _running.host = host
    try:
        incoming().handle(request, body)
    finally:
        _running.host = before


def _frames(frame: FrameType | None) -> Iterator[tuple[FrameType, str]]:
    while frame is not None:
        yield frame, str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


def _guest_frames(kind: _Kind, innermost: FrameType) -> list[FrameType]:
    """Return the frames of the app and its libraries that led to an action, innermost first.

    None of them are returned if the action is not the app's: the host took it for the app, or
    Python did, such as to keep the bytecode of a module.
    """
    found: list[FrameType] = []
    for frame, module in _frames(innermost):
        if frame.f_code is call_guest.__code__:
            return found
        if module == __name__:
            continue  # `_audit_threads`
        if frame.f_code in _HARMLESS or f"{module}.".startswith(_HOST):
            return []
        if module in _IMPORTS:
            if kind is _FILE and not found:
                return []
            if kind is _EXTENSION:
                # The import statement that began it, not those of the packages that it loads.
                found.clear()
        elif module.startswith("_pytest.") and not found:
            return []
        elif module.partition(".")[0] not in sys.stdlib_module_names:
            found.append(frame)
    return []


def _place(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', frame.f_code.co_filename)}:{frame.f_lineno}"


def _is_installed(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    return "site-packages" in path or "dist-packages" in path


def _report(host: "Host", kind: _Kind, what: str, frame: FrameType) -> None:
    frames = _guest_frames(kind, frame)
    if not frames:
        return
    at = frames[0]
    key = (at.f_code.co_filename, at.f_lineno, kind.instead)
    if host.unavailable == "warn" and key in host.warned:
        return
    caller = next((frame for frame in frames if not _is_installed(frame)), at)
    place = _place(at) if caller is at else f"{_place(at)}, called from {_place(caller)},"
    message = f"{place} {what}, but {kind.instead}"
    if host.unavailable == "error":
        raise kind.error(message)
    name = str(at.f_globals.get("__name__", ""))
    warnings.warn_explicit(
        message, UnavailableInSandboxWarning, at.f_code.co_filename, at.f_lineno, name
    )
    host.warned.add(key)


def _hook(
    event: str,
    arguments: _Arguments,
    # Not read as globals: those are gone when the interpreter ends, and events still come.
    events: dict[str, tuple[_Kind, _Describe]] = _EVENTS,
    running: _Running = _running,
) -> None:
    watched = events.get(event)
    if watched is None:
        return
    host = running.host
    if host is None or host.unavailable == "allow":
        return
    kind, describe = watched
    what = describe(arguments)
    if what is not None:
        _report(host, kind, what, sys._getframe(1))


def _audit_threads() -> None:
    """Let starting a thread be an event, as it is from Python 3.12 on."""
    start = _thread.start_new_thread

    def audited(*arguments: Any) -> int:
        sys.audit("_thread.start_new_thread", *arguments)
        return start(*arguments)

    _thread.start_new_thread = threading._start_new_thread = audited  # type: ignore


def install() -> None:
    """Watch the apps of this process from now on; a hook cannot be removed."""
    global _installed
    with _lock:
        if _installed:
            return
        _installed = True
    if sys.version_info < (3, 12):
        _audit_threads()
    sys.addaudithook(_hook)
