"""The event loops of guests in this process, kept apart from those of all other code.

A guest gets the loop that waits for its host: the function with which `asyncio` makes loops is
replaced once, by one that looks for a running sandbox. The caller's own loops, such as that of an
asynchronous test, are hidden while a guest runs in their thread: a component has none.
"""

import functools
import importlib.util
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any

from fastly_compute.local.runtime.sandbox import current

_SDK = "fastly_compute.http"


class _AtImport(MetaPathFinder):
    """Waits for the first import of `asyncio`, which may be a handler's."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != "asyncio":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = None if spec is None else spec.loader
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _patch(module)

            loader.exec_module = exec_module
        return spec


def install() -> None:
    """Let `asyncio` make guests their loops, as soon as it is imported."""
    loops = sys.modules.get("asyncio")
    if loops is not None:
        _patch(loops)
    elif not any(isinstance(finder, _AtImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AtImport())


def _patch(loops: Any) -> None:
    if hasattr(loops.new_event_loop, "__wrapped__"):
        return
    make: Callable[[], Any] = loops.new_event_loop

    @functools.wraps(make)
    def new_event_loop() -> Any:
        if current() is None or _SDK not in sys.modules:
            return make()
        return importlib.import_module(f"{_SDK}.event_loop").EventLoop()

    loops.events.new_event_loop = loops.new_event_loop = new_event_loop


class GuestLoops(AbstractContextManager[None]):
    """Hides the event loops of the current thread from the body of the `with` statement."""

    # Not a generator: contextlib would set the traceback of an `Err`, which is frozen.

    def __init__(self) -> None:
        self._running: Any = None
        self._task: Any = None
        self._thread_local: Any = None
        self._before: dict[str, Any] = {}

    def __enter__(self) -> None:
        install()
        loops = sys.modules.get("asyncio")
        if loops is None:
            return
        self._running = loops._get_running_loop()
        if self._running is not None:
            self._task = self._swap(None)
            loops._set_running_loop(None)
        # Python 3.14 deprecates the public name.
        events = loops.events
        policy = getattr(events, "_get_event_loop_policy", None) or events.get_event_loop_policy
        self._thread_local = getattr(policy(), "_local", None)
        if self._thread_local is not None:
            self._before = dict(vars(self._thread_local))
            # As in Python 3.14, the policy creates no loop.
            vars(self._thread_local).update(_loop=None, _set_called=True)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._thread_local is not None:
            vars(self._thread_local).clear()
            vars(self._thread_local).update(self._before)
        if self._running is not None:
            sys.modules["asyncio"]._set_running_loop(self._running)
            self._swap(self._task)

    def _swap(self, task: Any) -> Any:
        # Before Python 3.12, each loop has its own current task.
        swap = getattr(sys.modules["asyncio.tasks"], "_swap_current_task", None)
        return None if swap is None else swap(self._running, task)
