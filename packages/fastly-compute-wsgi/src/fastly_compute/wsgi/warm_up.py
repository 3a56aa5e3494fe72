"""Requests that an app handles while it is built."""

import sys
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fastly_compute.wsgi.file_wrapper import FileWrapper

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo


def _environ(path: str) -> "WSGIEnvironment":
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": True,
        "wsgi.file_wrapper": FileWrapper,
    }


def _start_response(
    status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None, /
) -> "Callable[[bytes], object]":
    return lambda data: None


def warm_up(wsgi_app: "WSGIApplication", *paths: str) -> None:
    """Run requests through an app while it is imported, so that everything it needs is loaded.

    A guest has no files, so it cannot import a module or read a template when a request first needs
    it. After a warm-up request, all of that is in memory, and later requests are faster, too:
    `fastly-compute build` runs the same requests a few times more at its end, so that new sandboxes
    start with code that CPython has specialized for them.

    No host is available while an app is built: leave out paths that need one, such as those that
    call a backend.

    Args:
        wsgi_app: The app.
        paths: The paths to GET, percent-encoded, such as ``/`` and one that does not exist. A path
            may have a query.

    Raises:
        HostUnavailable: The app called a function that needs a host.
        Exception: Any exception that the app raises.

    Example:
        >>> from fastly_compute.wsgi import WsgiHttpIncoming, warm_up
        >>> def app(environ, start_response):
        ...     start_response("200 OK", [("Content-Type", "text/plain")])
        ...     return [b"hello"]
        >>> warm_up(app, "/")
        >>> HttpIncoming = WsgiHttpIncoming(app)
    """
    for path in paths:
        result = wsgi_app(_environ(path), _start_response)
        try:
            for _ in result:
                pass
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
