"""Runs an app in this interpreter: the fastest way to start it, and the easiest to debug."""

import ctypes
import importlib
import sys
import threading
import traceback
from contextvars import copy_context
from pathlib import Path
from typing import Any

from componentize_py_types import Err

from fastly_compute.local.host import GuestFailed
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_downstream import client_request
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.runtime import environment, guest_audit
from fastly_compute.local.runtime.entry import EntryError, check_incoming, missing
from fastly_compute.local.runtime.event_loops import GuestLoops
from fastly_compute.local.runtime.sandbox import Sandbox
from fastly_compute.local.runtime.trap import DeadlineExceeded, Trap
from fastly_compute.local.runtime.watchdog import PeriodicCheck

_raise = ctypes.pythonapi.PyThreadState_SetAsyncExc
_TRIES = 3


class _Limit:
    """Raises DeadlineExceeded in the guest's thread on timeout, repeatedly if it is caught.

    The interpreter raises it between two instructions, and never within a host call: those check
    the time themselves. A guest that keeps catching it cannot be ended, and one that sleeps or
    waits in other C code only when that returns: its client gets a response, and its thread is
    abandoned.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._thread = ctypes.c_ulong(threading.get_ident())
        # No condition: an exception raised in one of its methods would leave it locked.
        self._lock = threading.Lock()
        self._open = False
        self._raised = 0

    def begin(self) -> None:
        """Allow the guest to be interrupted from here on."""
        self._open = True

    def end(self) -> None:
        """Stop interrupting."""
        with self._lock:
            self._open = False
        if self._raised:
            self._receive()

    def _receive(self) -> None:
        """Raise and catch the exception, so that none is left to arrive later.

        Withdrawing it would leave CPython before 3.13 looking for one: each call of a function
        would take longer, and on 3.11 never end under a profiler or debugger.
        """
        try:
            _raise(self._thread, ctypes.py_object(DeadlineExceeded))
            while True:
                pass
        except DeadlineExceeded:
            pass

    def check(self) -> None:
        """Interrupt the guest, if its time limit has passed."""
        with self._lock:
            if not self._open or self._sandbox.calling or not self._sandbox.overdue:
                return
            _raise(self._thread, ctypes.py_object(DeadlineExceeded))
            self._raised += 1
        if self._raised == _TRIES:
            threading.Thread(target=self._give_up, daemon=True).start()

    def _give_up(self) -> None:
        failure = f"the app trapped: {DeadlineExceeded()}"
        self._sandbox.host.log(
            f"{failure}; it cannot be ended: it is sleeping, or it catches the time-limit exception"
        )
        self._sandbox.exchange.answer_for(failure)


class NativeApp:
    """An app whose modules are imported into this interpreter.

    Args:
        incoming: The object named ``HttpIncoming`` in the app's entry module.

    Raises:
        EntryError: It has no method ``handle``.

    Example:
        >>> from fastly_compute.local import Host, NativeApp
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         pass
        >>> with Host() as host:
        ...     host.request(NativeApp(HttpIncoming)).status
        200
    """

    def __init__(self, incoming: Any) -> None:
        check_incoming(incoming)
        environment.install()
        guest_audit.install()
        self._incoming = incoming if callable(incoming) else lambda: incoming

    @classmethod
    def load(cls, entry: str, folder: Path) -> "NativeApp":
        """Import an app's entry module.

        Args:
            entry: The module's name.
            folder: The module's folder; it is put first on the import path.

        Raises:
            EntryError: It has no ``HttpIncoming``, or one without a method ``handle``.
            ImportError: The module does not exist.
            Exception: Whatever the module raises.
        """
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        module = importlib.import_module(entry)
        source = getattr(module, "__file__", None) or entry
        if not hasattr(module, "HttpIncoming"):
            raise EntryError(missing(source), name=entry)
        check_incoming(module.HttpIncoming, source)
        return cls(module.HttpIncoming)

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's requests, in a copy of the context that hides its changes."""
        copy_context().run(self._run, sandbox)

    def _run(self, sandbox: Sandbox) -> None:
        request, body = client_request(sandbox.exchange)
        try:
            with GuestLoops():
                self._handle(sandbox, request, body)
        except Err as err:
            raise GuestFailed("the app's handle returned an error") from err
        except Trap as trap:
            self._show(sandbox)
            raise GuestFailed(f"the app trapped: {trap}") from trap
        except Exception as error:
            self._show(sandbox)
            raise GuestFailed("the app raised an exception; its log has the traceback") from error
        except SystemExit as end:
            raise GuestFailed("the app ended its interpreter") from end
        finally:
            request.drop()
            body.drop()

    def _handle(self, sandbox: Sandbox, request: Request, body: Body) -> None:
        if sandbox.deadline is None:
            guest_audit.call_guest(sandbox.host, self._incoming, request, body)
            return
        limit = _Limit(sandbox)
        with PeriodicCheck(limit.check):
            try:
                try:
                    limit.begin()
                    guest_audit.call_guest(sandbox.host, self._incoming, request, body)
                finally:
                    limit.end()
            finally:
                # The first call may itself be interrupted, but not the second: the next check
                # comes later.
                limit.end()

    def _show(self, sandbox: Sandbox) -> None:
        for line in traceback.format_exc().splitlines():
            sandbox.host.log(line)
