"""Runs an app in this very interpreter: the fastest loop, and the easiest to debug."""

import ctypes
import importlib
import sys
import threading
import traceback
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

from componentize_py_types import Err

from fastly_compute.local.host import GuestFailed
from fastly_compute.local.interfaces.http_downstream import client_request
from fastly_compute.local.sandbox import Sandbox
from fastly_compute.local.trap import OutOfTime, Trap
from fastly_compute.local.watchdog import Watched

_raise = ctypes.pythonapi.PyThreadState_SetAsyncExc


class _Limited(AbstractContextManager[None]):
    """Raises OutOfTime in the guest's own thread once its time is up, and again if it catches that.

    The interpreter does so between two instructions: what waits in C is not ended.
    """

    # No generator: contextlib would set the traceback of an `Err`, which is frozen.

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._thread = ctypes.c_ulong(threading.get_ident())
        self._watched = None if sandbox.deadline is None else Watched(self._check)

    def _check(self) -> None:
        if self._sandbox.overdue:
            _raise(self._thread, ctypes.py_object(OutOfTime))

    def __enter__(self) -> None:
        if self._watched is not None:
            self._watched.__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watched is not None:
            self._watched.__exit__(exc_type, exc_value, traceback)
            _raise(self._thread, None)


class NativeApp:
    """An app whose modules are imported here.

    Args:
        incoming: What the app's entry module calls ``HttpIncoming``.
    """

    def __init__(self, incoming: Any) -> None:
        self._incoming = incoming

    @classmethod
    def load(cls, entry: str, folder: Path) -> "NativeApp":
        """Import an app's entry module.

        Args:
            entry: The module's name.
            folder: Where it is; the folder is put first on the path.

        Raises:
            ImportError: There is no such module, or it has no ``HttpIncoming``.
            Exception: Whatever the module raises.
        """
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        module = importlib.import_module(entry)
        if not hasattr(module, "HttpIncoming"):
            raise ImportError(f"module {entry!r} has no HttpIncoming", name=entry)
        return cls(module.HttpIncoming)

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's requests."""
        request, body = client_request(sandbox.exchange)
        try:
            with _Limited(sandbox):
                self._incoming().handle(request, body)
        except Err as err:
            raise GuestFailed("the app's handle returned an error") from err
        except Trap as trap:
            self._show(sandbox)
            raise GuestFailed(f"the app trapped: {trap}") from trap
        except Exception as error:
            self._show(sandbox)
            raise GuestFailed("the app raised an exception; its log has the traceback") from error
        finally:
            request.drop()
            body.drop()

    def _show(self, sandbox: Sandbox) -> None:
        for line in traceback.format_exc().splitlines():
            sandbox.host.log(line)
