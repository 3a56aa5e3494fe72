"""The service that runs a WSGI app."""

import encodings.unicode_escape  # noqa: F401 - Django's log needs it; guests cannot import later
from dataclasses import replace
from typing import TYPE_CHECKING

from fastly_compute.http import IncomingRequest, ResponseSent, Reuse, Service
from fastly_compute.wsgi.environ import make_environ
from fastly_compute.wsgi.start_response import StartResponse

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def _reuse(reuse: Reuse | None, milliseconds: int, *, after_failure: bool) -> Reuse | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        raise TypeError(f"reuse_sandboxes_for_ms must be an int, not {milliseconds!r}")
    if milliseconds:
        if reuse is not None:
            raise ValueError("give either reuse or reuse_sandboxes_for_ms, not both")
        if milliseconds < 0:
            raise ValueError(f"reuse_sandboxes_for_ms must be at least 0, not {milliseconds}")
        reuse = Reuse(idle_timeout=milliseconds / 1000)
    if after_failure and isinstance(reuse, Reuse):
        return replace(reuse, after_failure=True)
    return reuse


class WsgiHttpIncoming(Service):
    """A WSGI app (PEP 3333) as a service: a Flask, Django or Bottle app, or any other.

    The result must be named ``HttpIncoming`` in the app's module.

    Each part that the app yields is sent at once. If the app raises an exception before the first
    part, the client gets a bare 500; after that, the transfer is aborted. The traceback is written
    to standard error.

    Besides the keys of PEP 3333 and CGI, the environ has ``fastly.request``, the
    `fastly_compute.http.IncomingRequest`. If the app hands that off, its return value is ignored.

    Args:
        wsgi_app: The app.
        handle_errors: Whether a reused sandbox continues after an exception in the app; the same as
            ``Reuse(after_failure=True)``.
        reuse_sandboxes_for_ms: How long a sandbox waits for another request, in milliseconds; 0
            turns reuse off. The same as ``Reuse(idle_timeout=...)``.
        reuse: Whether and how long a sandbox is reused for several requests.

    Raises:
        TypeError: The app is not callable, or another argument is of the wrong type.
        ValueError: Both *reuse* and *reuse_sandboxes_for_ms* are given, or the time is negative.

    Example:
        >>> from fastly_compute.wsgi import WsgiHttpIncoming
        >>> def app(environ, start_response):
        ...     start_response("200 OK", [("Content-Type", "text/plain")])
        ...     return [b"hello"]
        >>> HttpIncoming = WsgiHttpIncoming(app)
    """

    __slots__ = ("_app", "_run_once")

    def __init__(
        self,
        wsgi_app: "WSGIApplication",
        handle_errors: bool = False,
        reuse_sandboxes_for_ms: int = 0,
        *,
        reuse: Reuse | None = None,
    ) -> None:
        if not callable(wsgi_app):
            raise TypeError(f"a WSGI app must be callable, not {type(wsgi_app).__name__}")
        reuse = _reuse(reuse, reuse_sandboxes_for_ms, after_failure=handle_errors)
        super().__init__(self._respond, reuse=reuse, on_error=None)
        self._app = wsgi_app
        self._run_once = reuse is None

    def _respond(self, request: IncomingRequest) -> ResponseSent:
        start_response = StartResponse(request)
        result = None
        try:
            result = self._app(make_environ(request, run_once=self._run_once), start_response)
            start_response.send(result)
        except BaseException:
            start_response.abort()
            raise
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return ResponseSent()

    def __repr__(self) -> str:
        return f"<WsgiHttpIncoming {self._app!r}>"
