"""Notices what the code of a native app does and no sandbox can, by the events of `sys.audit`."""

import _thread
import os
import socket
import sys
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.runtime.sandbox_limits import EVENTS, EXTENSION, FILE, Action, Kind
from fastly_compute.local.runtime.unavailable import UnavailableInSandboxWarning

if TYPE_CHECKING:
    from fastly_compute.local.host import Host

_HOST = tuple(f"{os.sep}fastly_compute{os.sep}{name}{os.sep}" for name in ("local", "testing"))
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


def _guest_frames(kind: Kind, innermost: FrameType) -> list[FrameType]:
    """Return the frames of the app and its libraries that led to an action, innermost first.

    None of them are returned if the action is not the app's: the host took it for the app, or
    Python did, such as to keep the bytecode of a module.
    """
    found: list[FrameType] = []
    for frame, module in _frames(innermost):
        if frame.f_code is call_guest.__code__:
            return found
        file = frame.f_code.co_filename
        if file == call_guest.__code__.co_filename:
            continue  # `_audit_threads`
        if frame.f_code in _HARMLESS or any(folder in file for folder in _HOST):
            return []
        if module in _IMPORTS:
            if kind is FILE and not found:
                return []
            if kind is EXTENSION:
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


def _report(host: "Host", kind: Kind, what: str, frame: FrameType) -> None:
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
    arguments: tuple[object, ...],
    # Not read as globals: those are gone when the interpreter ends, and events still come.
    events: dict[str, Action] = EVENTS,
    running: _Running = _running,
) -> None:
    watched = events.get(event)
    if watched is None:
        return
    host = running.host
    if host is None or host.unavailable == "allow":
        return
    what = watched.describe(arguments)
    if what is not None:
        _report(host, watched.kind, what, sys._getframe(1))


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
