"""The service that runs an ASGI app."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from fastly_compute.asgi.inline_threads import run_threads_inline
from fastly_compute.asgi.sandbox import Sandbox
from fastly_compute.asgi.types import App, LifespanMode
from fastly_compute.http import ErrorHandler, IncomingRequest, ResponseSent, Reuse, Service

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req

_ONCE = Reuse(max_requests=1)

# Natively, several sandboxes run at once, each in its own thread.
_sandbox: ContextVar[Sandbox] = ContextVar("fastly_compute.asgi.sandbox")


class AsgiHttpIncoming(Service):
    """An ASGI 3 app as a service: a Starlette, Quart or Django app, or any other.

    The result must be named ``HttpIncoming`` in the app's module.

    Bodies are streamed both ways. If the app raises an exception before the first part of its
    response's body, the client gets a 500; after that, the transfer is aborted. The traceback is
    written to standard error.

    The app's startup runs in each sandbox before its first request, and its shutdown when the
    sandbox has served its last one. All of a sandbox runs in one event loop. Functions that a
    framework runs in threads run in that loop: a sandbox has one thread.

    Besides the keys of ASGI, the scope of a request has ``fastly.request``, the
    `fastly_compute.http.IncomingRequest`. If the app responds through that, or hands it off, it
    sends no events.

    Args:
        app: The app.
        lifespan: "auto" sends lifespan events to an app that supports them, "on" demands that it
            does, and "off" sends none.
        reuse: Whether and how long a sandbox is reused for several requests; by default, each
            sandbox serves one.
        on_error: Makes the response that replaces the bare 500: see `fastly_compute.http.service`.

    Raises:
        TypeError: The app is not callable, or another argument is of the wrong type.
        ValueError: *lifespan* has another value.

    Example:
        >>> from fastly_compute.asgi import AsgiHttpIncoming
        >>> async def app(scope, receive, send):
        ...     await send({"type": "http.response.start", "status": 200})
        ...     await send({"type": "http.response.body", "body": b"hello"})
        >>> HttpIncoming = AsgiHttpIncoming(app, lifespan="off")
    """

    __slots__ = ("_app", "_lifespan")

    def __init__(
        self,
        app: App,
        *,
        lifespan: LifespanMode = "auto",
        reuse: Reuse | None = None,
        on_error: ErrorHandler | None = None,
    ) -> None:
        if not callable(app):
            raise TypeError(f"an ASGI app must be callable, not {type(app).__name__}")
        if lifespan not in ("auto", "on", "off"):
            raise ValueError(f"lifespan must be 'auto', 'on' or 'off', not {lifespan!r}")
        super().__init__(self._respond, reuse=_ONCE if reuse is None else reuse, on_error=on_error)
        self._app = app
        self._lifespan: LifespanMode = lifespan
        run_threads_inline()  # while the app is built: a guest cannot import later

    def handle(self, request: "http_req.Request", body: "async_io.Pollable") -> None:
        """Serve a request and, in a reused sandbox, later ones (``http-incoming.handle``).

        Args:
            request: The bindings' request.
            body: The bindings' body of the request.

        Raises:
            Exception: The bindings' ``Err``: not even a 500 could be sent.
        """
        with Sandbox(self._app, self._lifespan) as sandbox:
            before = _sandbox.set(sandbox)
            try:
                super().handle(request, body)
            finally:
                _sandbox.reset(before)

    def _respond(self, request: IncomingRequest) -> ResponseSent:
        return _sandbox.get().respond(request)

    def __repr__(self) -> str:
        return f"<AsgiHttpIncoming {self._app!r}>"
