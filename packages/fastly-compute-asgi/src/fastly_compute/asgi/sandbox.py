"""An app in one sandbox: its event loop and its lifespan, for one or several requests."""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import Context, copy_context
from types import TracebackType
from typing import Never, Self, TypeVar

from fastly_compute.asgi.inline_threads import inline_context, run_threads_inline
from fastly_compute.asgi.lifespan import Lifespan
from fastly_compute.asgi.request_events import RequestEvents
from fastly_compute.asgi.request_tasks import SandboxLoop
from fastly_compute.asgi.response_events import ResponseEvents
from fastly_compute.asgi.scope import make_scope
from fastly_compute.asgi.types import App, LifespanMode
from fastly_compute.http import IncomingRequest, ResponseSent, scope
from fastly_compute.http.event_loop import end_tasks

T = TypeVar("T")


class Sandbox:
    """Runs an app in one event loop, from the first request to the end of the sandbox.

    Objects that the app makes during its startup belong to a loop: requests must run in the same
    one.

    Args:
        app: The app.
        mode: Whether the app is sent lifespan events.
    """

    def __init__(self, app: App, mode: LifespanMode) -> None:
        self._app = app
        self._mode: LifespanMode = mode
        self._lifespan: Lifespan | None = None
        run_threads_inline()  # the app may have imported anyio since it was made
        self._loop = SandboxLoop()
        self._runner = asyncio.Runner(loop_factory=lambda: self._loop)
        self._runner.get_loop()

    def respond(self, request: IncomingRequest) -> ResponseSent:
        """Run the app for a request, after its startup if this is the first one."""
        if self._lifespan is None and self._mode != "off":
            self._lifespan = self._start()
        finish = self._loop.finish_request
        try:
            self._run(self._serve(request), copy_context())
        except Exception:
            raise
        except BaseException:
            finish = self._loop.cancel_request  # the sandbox is being stopped
            raise
        finally:
            scope.after_response(finish)
        return ResponseSent()

    def _run(self, main: Coroutine[object, Never, T], context: Context) -> T:
        try:
            return self._runner.run(main, context=inline_context(context))
        finally:
            # It is still running if the loop failed, as in a deadlock.
            tasks = asyncio.all_tasks(self._loop)
            end_tasks(self._loop, {task for task in tasks if task.get_coro() is main}, main)

    def _start(self) -> Lifespan:
        async def start() -> Lifespan:
            lifespan = Lifespan(self._app, self._mode)
            await lifespan.startup()
            return lifespan

        try:
            # Not in the context of the request: handles that it opens live as long as the sandbox.
            return self._run(start(), scope.outside())
        except BaseException:
            end_tasks(self._loop, asyncio.all_tasks(self._loop))
            raise

    def _stop(self, lifespan: Lifespan) -> None:
        others = asyncio.all_tasks(self._loop)
        try:
            self._run(lifespan.shutdown(), scope.outside())
        finally:
            end_tasks(self._loop, asyncio.all_tasks(self._loop) - others)

    async def _serve(self, request: IncomingRequest) -> None:
        received = RequestEvents(request.body)
        response = ResponseEvents(request, received)
        state = {} if self._lifespan is None else self._lifespan.state
        try:
            await self._app(make_scope(request, state), received.receive, response.send)
            response.check_complete()
        finally:
            response.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Run the app's shutdown, and close the event loop."""
        with self._runner:
            if self._lifespan is not None:
                try:
                    self._stop(self._lifespan)
                except Exception:
                    sys.excepthook(*sys.exc_info())
