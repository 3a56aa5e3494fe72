"""What no sandbox can do: the events of `sys.audit` that stand for it, and what to use instead."""

import errno
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from fastly_compute.local.runtime.unavailable import UnavailableInSandbox, also

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
class Kind:
    """A kind of action.

    Attributes:
        error: Makes its error from a message.
        instead: Why no sandbox can do it, and what to use instead.
    """

    error: Callable[[str], UnavailableInSandbox]
    instead: str


@dataclass(frozen=True, slots=True)
class Action:
    """What an event of `sys.audit` stands for.

    Attributes:
        kind: The kind.
        describe: Says what is done, from the arguments of the event; None if a sandbox can do it.
    """

    kind: Kind
    describe: _Describe


_SOCKET = Kind(
    _os_error(errno.ENOTSUP),
    "a sandbox has no sockets. Send a request to a backend instead, "
    "with fastly_compute.requests or fastly_compute.http, or let urllib3 and http.client do so, "
    "with fastly_compute.urllib3.",
)
_THREAD = Kind(
    also(RuntimeError),
    "a sandbox has one thread. Use gather or asyncio to wait for several requests at once.",
)
_PROCESS = Kind(
    _os_error(errno.ENOTSUP),
    "a sandbox cannot start processes. Do the work in Python, or send a request to a backend.",
)
FILE = Kind(
    _os_error(errno.EROFS),
    "a sandbox has no disk to write to. Keep data in a KV store, or in memory with io.BytesIO.",
)
_DATABASE = Kind(
    _database_error, "a sandbox has no disk. Use a KV store, or sqlite3.connect(':memory:')."
)
EXTENSION = Kind(
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


EVENTS: dict[str, Action] = {
    "socket.__new__": Action(_SOCKET, _always("opens a socket")),
    "socket.bind": Action(_SOCKET, _always("binds a socket")),
    "socket.connect": Action(_SOCKET, _always("connects a socket")),
    "socket.sendmsg": Action(_SOCKET, _send),
    "socket.sendto": Action(_SOCKET, _send),
    "socket.getaddrinfo": Action(_SOCKET, _resolve),
    "socket.gethostbyaddr": Action(_SOCKET, _resolve),
    "socket.gethostbyname": Action(_SOCKET, _resolve),
    "socket.getnameinfo": Action(_SOCKET, _resolve),
    "_thread.start_joinable_thread": Action(_THREAD, _always("starts a thread")),
    "_thread.start_new_thread": Action(_THREAD, _always("starts a thread")),
    "os.exec": Action(_PROCESS, _always("replaces its process")),
    "os.fork": Action(_PROCESS, _always("starts a process")),
    "os.forkpty": Action(_PROCESS, _always("starts a process")),
    "os.posix_spawn": Action(_PROCESS, _always("starts a process")),
    "os.spawn": Action(_PROCESS, _always("starts a process")),
    "os.startfile": Action(_PROCESS, _always("starts a process")),
    "os.system": Action(_PROCESS, _always("starts a process")),
    "subprocess.Popen": Action(_PROCESS, _always("starts a process")),
    "open": Action(FILE, _open),
    "os.chmod": Action(FILE, _on_path("sets the permissions of")),
    "os.link": Action(FILE, _on_path("makes a link to")),
    "os.mkdir": Action(FILE, _on_path("makes the folder")),
    "os.remove": Action(FILE, _on_path("removes")),
    "os.rename": Action(FILE, _on_path("renames")),
    "os.rmdir": Action(FILE, _on_path("removes the folder")),
    "os.symlink": Action(FILE, _on_path("makes a link to")),
    "os.truncate": Action(FILE, _on_path("truncates")),
    "os.utime": Action(FILE, _on_path("sets the times of")),
    "sqlite3.connect": Action(_DATABASE, _connect_database),
    "import": Action(EXTENSION, _import),
    "ctypes.dlopen": Action(EXTENSION, _load_library),
}
"""The events by name. Python raises more of them, which stand for what a sandbox can do as well."""
