"""Requests that an app handles while it is built."""

import asyncio
from contextvars import copy_context
from urllib.parse import unquote

from fastly_compute.asgi.inline_threads import inline_context, run_threads_inline
from fastly_compute.asgi.lifespan import Lifespan
from fastly_compute.asgi.scope import ASGI, EXTENSIONS
from fastly_compute.asgi.types import App, Event, LifespanMode, SentEvent
from fastly_compute.http.event_loop import EventLoop


def _scope(path: str, state: dict[str, object]) -> dict[str, object]:
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": ASGI.copy(),
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 443),
        "state": dict(state),
        "extensions": {name: {} for name in EXTENSIONS},
    }


async def _get(app: App, path: str, state: dict[str, object]) -> None:
    received = 0
    over = asyncio.Event()

    async def receive() -> Event:
        nonlocal received
        received += 1
        if received == 1:
            return {"type": "http.request", "body": b"", "more_body": False}
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(event: SentEvent) -> None:
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            over.set()

    await app(_scope(path, state), receive, send)


async def _get_all(app: App, paths: tuple[str, ...], mode: LifespanMode) -> None:
    lifespan = Lifespan(app, mode)
    if mode != "off":
        await lifespan.startup()
    for path in paths:
        await _get(app, path, lifespan.state)
    await lifespan.shutdown()


def warm_up(app: App, *paths: str, lifespan: LifespanMode = "off") -> None:
    """Run requests through an app while it is imported, so that everything it needs is loaded.

    A guest has no files, so it cannot import a module or read a template when a request first needs
    it. After a warm-up request, all of that is in memory, and later requests are faster, too:
    `fastly-compute build` runs the same requests a few times more at its end, so that new sandboxes
    start with code that CPython has specialized for them.

    No host is available while an app is built: leave out paths that need one, such as those that
    call a backend.

    Args:
        app: The app.
        paths: The paths to GET, percent-encoded, such as ``/`` and one that does not exist. A path
            may have a query.
        lifespan: Whether the app's startup runs before these requests, and its shutdown after them:
            see `AsgiHttpIncoming`. Each sandbox runs them again.

    Raises:
        HostUnavailable: The app called a function that needs a host.
        AsgiError: The app's startup or shutdown failed.
        Exception: Any exception that the app raises.

    Example:
        >>> from fastly_compute.asgi import AsgiHttpIncoming, warm_up
        >>> async def app(scope, receive, send):
        ...     await send({"type": "http.response.start", "status": 200})
        ...     await send({"type": "http.response.body", "body": b"hello"})
        >>> warm_up(app, "/")
        >>> HttpIncoming = AsgiHttpIncoming(app)
    """
    run_threads_inline()
    context = inline_context(copy_context())
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(_get_all(app, paths, lifespan), context=context)
