"""Checks running guests a few times a second, to end those that run too long."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

_SECONDS = 0.1


class _Watchdog:
    """One thread for all checks; it sleeps while it has none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._checks: dict[object, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None

    def add(self, key: object, check: Callable[[], None]) -> None:
        with self._changed:
            self._checks[key] = check
            if self._thread is None or not self._thread.is_alive():  # a fork leaves no threads
                self._thread = threading.Thread(
                    target=self._watch, name="fastly-compute-watchdog", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def remove(self, key: object) -> None:
        with self._changed:
            del self._checks[key]

    def _watch(self) -> None:
        with self._changed:
            while True:
                # Checks run under the lock, so that none runs after its removal.
                self._changed.wait(_SECONDS if self._checks else None)
                for check in list(self._checks.values()):
                    check()


_watchdog = _Watchdog()


class PeriodicCheck(AbstractContextManager[None]):
    """Calls a function regularly while the body of the `with` statement runs.

    Args:
        check: Called about ten times a second, on another thread. It must be quick, and must not
            raise.
    """

    # Not a generator: contextlib would set the traceback of an `Err`, which is frozen.

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def __enter__(self) -> None:
        _watchdog.add(self, self._check)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _watchdog.remove(self)
