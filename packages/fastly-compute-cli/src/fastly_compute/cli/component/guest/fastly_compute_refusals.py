"""Refuses what no sandbox can do, with errors that say so and what to do instead.

Without this, the errors are those of WASI, such as "[Errno 58] Not supported".
"""

import _thread
import errno
from typing import Any, NoReturn

_NO_THREADS = (
    "a sandbox has one thread, and cannot start another. To wait for several requests at once, "
    "send them with send_async and collect them with gather, or use asyncio."
)
_NO_PROCESSES = "a sandbox is one process, and cannot start another"
_NO_SOCKETS = (
    "a sandbox has no sockets: the host makes all connections. Send the request through a backend, "
    "with fastly_compute.http or fastly_compute.requests; or let urllib3 and http.client do so, "
    "with fastly_compute.urllib3."
)


def _refuse_thread(*_: object, **__: object) -> NoReturn:
    raise RuntimeError(_NO_THREADS)


def _refuse_process(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOTSUP, _NO_PROCESSES)


def _refuse_socket(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOTSUP, _NO_SOCKETS)


def refuse_threads() -> None:
    """Refuse to start threads, before `threading` takes these functions."""
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        setattr(_thread, name, _refuse_thread)


def refuse_processes(process: Any) -> None:
    """Refuse to start processes, in `multiprocessing.process`."""
    process.BaseProcess.start = _refuse_process


def refuse_sockets(socket: Any) -> None:
    """Refuse to make sockets and to look up names, in `socket`."""

    def refuse_lookup(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_FAIL, _NO_SOCKETS)

    socket.socket.__init__ = _refuse_socket
    socket.socketpair = _refuse_socket
    for name in (
        "getaddrinfo",
        "gethostbyname",
        "gethostbyname_ex",
        "gethostbyaddr",
        "getnameinfo",
    ):
        setattr(socket, name, refuse_lookup)
