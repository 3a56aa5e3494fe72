"""Ends components that run too long: wasmtime calls back regularly and may be told to stop."""

import ctypes
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from wasmtime import Engine, Store, WasmtimeError
from wasmtime import _ffi as ffi

from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import DeadlineExceeded
from fastly_compute.local.runtime.watchdog import PeriodicCheck

_CONTINUE = 0
_NOTHING = ctypes.CFUNCTYPE(None, ctypes.c_void_p)()


class Epochs:
    """Advances an engine's epoch while one of its components runs.

    Args:
        engine: Configured for `epoch_interruption`.
        tick: Called with each epoch, on another thread. It must be quick, and must not raise.
    """

    def __init__(self, engine: Engine, tick: Callable[[], None]) -> None:
        def move_on() -> None:
            engine.increment_epoch()
            tick()

        self._watched = PeriodicCheck(move_on)
        self._lock = threading.Lock()
        self._running = 0

    def limit(self, store: Store) -> None:
        """End what runs in a store when the time limit of its sandbox has passed."""
        ffi.wasmtime_store_epoch_deadline_callback(store.ptr(), _ASK, None, _NOTHING)
        store.set_epoch_deadline(1)

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            if self._running == 1:
                self._watched.__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                self._watched.__exit__(exc_type, exc_value, traceback)


def _ask(_context: Any, _data: Any, delta: Any, kind: Any) -> int:
    sandbox = running()
    try:
        if not sandbox.overdue:
            delta[0] = 1
            kind[0] = _CONTINUE
            return 0
        reason = str(DeadlineExceeded())
    except BaseException as interrupt:
        # It cannot pass through wasmtime: it is raised again on the other side.
        sandbox.interrupt(interrupt)
        reason = "the host was interrupted"
    return ctypes.cast(WasmtimeError(reason)._consume(), ctypes.c_void_p).value or 0


_ASK = ctypes.CFUNCTYPE(
    ctypes.c_size_t,
    ctypes.POINTER(ffi.wasmtime_context_t),
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_uint64),
    ctypes.POINTER(ffi.wasmtime_update_deadline_kind_t),
)(_ask)
