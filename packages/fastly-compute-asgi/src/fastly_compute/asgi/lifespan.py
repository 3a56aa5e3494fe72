"""The lifespan of an app: its startup and shutdown (the ASGI lifespan specification)."""

import asyncio
import sys

from fastly_compute.asgi.errors import AsgiError
from fastly_compute.asgi.types import App, Event, LifespanMode, SentEvent

_ASGI = {"version": "3.0", "spec_version": "2.0"}


def _report(error: Exception) -> None:
    sys.excepthook(type(error), error, error.__traceback__)


class Lifespan:
    """The lifespan of an app in one sandbox.

    It must be made while the event loop runs.

    Args:
        app: The app.
        mode: Whether an app that does not support the lifespan is accepted ("auto") or not ("on").

    Attributes:
        state: The dict in the scope, in which the app stores objects for its requests.
    """

    def __init__(self, app: App, mode: LifespanMode) -> None:
        self.state: dict[str, object] = {}
        self._app = app
        self._mode = mode
        self._delivered = 0  # events
        self._is_up = False
        self._message: str | None = None  # of startup.failed or shutdown.failed
        loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = loop.create_future()
        self._shutdown = asyncio.Event()
        self._stopped: asyncio.Future[None] = loop.create_future()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Run the app's startup.

        Raises:
            AsgiError: The startup failed.
        """
        self._task = asyncio.create_task(self._run(), name="lifespan")
        await self._started

    async def shutdown(self) -> None:
        """Run the app's shutdown, if it was started.

        Raises:
            AsgiError: The shutdown failed.
        """
        if not self._is_up:
            return
        self._shutdown.set()
        await self._stopped

    async def _run(self) -> None:
        error = None
        try:
            scope = {"type": "lifespan", "asgi": _ASGI.copy(), "state": self.state}
            await self._app(scope, self._receive, self._send)
        except Exception as raised:
            error = raised
        if not self._started.done():
            self._not_started(error)
        elif not self._stopped.done() and self._message is None:
            self._not_stopped(error)
        elif error is not None and not self._message:
            _report(error)

    def _not_started(self, error: Exception | None) -> None:
        if self._mode == "on":
            failure = AsgiError("the app does not support the ASGI lifespan, and lifespan is 'on'")
            failure.__cause__ = error
            self._started.set_exception(failure)
            return
        if error is not None and self._delivered:
            # The app may continue without lifespan events, but its author should know.
            _report(error)
        self._started.set_result(None)

    def _not_stopped(self, error: Exception | None) -> None:
        self._is_up = False
        if error is not None and self._shutdown.is_set():
            self._stopped.set_exception(error)
            return
        if error is not None:
            _report(error)  # no code waits for a lifespan that ends before the sandbox
        self._stopped.set_result(None)

    async def _receive(self) -> Event:
        if self._delivered == 0:
            self._delivered = 1
            return {"type": "lifespan.startup"}
        await self._shutdown.wait()
        if self._delivered == 1:
            self._delivered = 2
            return {"type": "lifespan.shutdown"}
        raise AsgiError("the app called receive again after lifespan.shutdown, the last event")

    async def _send(self, event: SentEvent) -> None:
        kind = event.get("type")
        phase, _, outcome = str(kind).removeprefix("lifespan.").partition(".")
        waiting = {"startup": self._started, "shutdown": self._stopped}.get(phase)
        if waiting is None or outcome not in ("complete", "failed"):
            raise AsgiError(f"the app sent {kind!r}, which is not an event of the ASGI lifespan")
        if self._delivered < (1 if phase == "startup" else 2) or waiting.done():
            raise AsgiError(f"the app sent {kind}, but its {phase} is not running")
        self._is_up = phase == "startup" and outcome == "complete"
        if outcome == "complete":
            waiting.set_result(None)
            return
        self._message = str(event.get("message", ""))
        reason = f": {self._message}" if self._message else ""
        waiting.set_exception(AsgiError(f"the app's {phase} failed{reason}"))
