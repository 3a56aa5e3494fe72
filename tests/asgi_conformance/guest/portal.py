"""What TestClient runs an app's lifespan with, without the thread that anyio would start."""

import asyncio
from contextlib import contextmanager
from inspect import isawaitable

from fastly_compute.http.event_loop import EventLoop


class Portal:
    """An event loop that runs while a function is called in it."""

    def __init__(self, runner):
        self._runner = runner

    def call(self, function, *arguments):
        """Call a function, or a coroutine function, and return its result."""

        async def run():
            result = function(*arguments)
            return await result if isawaitable(result) else result

        return self._runner.run(run())

    def start_task_soon(self, function, *arguments):
        """Start a coroutine function in a task."""
        return self._runner.get_loop().create_task(function(*arguments))


@contextmanager
def start_portal(backend="asyncio", backend_options=None):
    """Replace `anyio.from_thread.start_blocking_portal`."""
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        yield Portal(runner)
