"""Which tasks belong to a request: they may end after its response, but not after the request."""

import asyncio
from contextvars import Context
from typing import Any
from weakref import WeakSet

from fastly_compute.http import scope
from fastly_compute.http.event_loop import EventLoop, end_tasks

LONGEST: float = 30
"""How long the tasks of a request may run after its response, in seconds."""


class SandboxLoop(EventLoop):
    """An event loop that knows the tasks of the current request from those of the lifespan.

    A task belongs to what its context belongs to, whichever runs when it is started: by default,
    that is the context of the task that starts it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._of_request: WeakSet[asyncio.Task[Any]] = WeakSet()

    def create_task(
        self,
        coro: Any,  # Python 3.11 takes generators, too: no narrower type fits all Pythons.
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[Any]:
        """Create a task, as `asyncio.BaseEventLoop.create_task` does."""
        task = super().create_task(coro, name=name, context=context, **options)
        if not scope.is_outside(context):
            self._of_request.add(task)
        return task

    def _running(self) -> "set[asyncio.Task[Any]]":
        return {task for task in self._of_request if not task.done()}

    def finish_request(self) -> None:
        """Run the request's tasks until they end, but not for long, and cancel the others.

        One that nothing can wake up in that time is cancelled at once, and all are logged.
        """
        deadline = self.time() + LONGEST
        reason = f"did not end within {LONGEST} s after the response"
        # A task that ends may have started others.
        while (running := self._running()) and self.run_tasks(running, deadline):
            pass
        end_tasks(self, self._running(), reason=reason)

    def cancel_request(self) -> None:
        """Cancel and log the request's tasks."""
        end_tasks(self, self._running())
