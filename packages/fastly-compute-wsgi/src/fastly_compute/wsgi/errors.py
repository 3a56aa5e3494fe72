"""The exception for WSGI apps that break the rules."""

from fastly_compute.http import HttpError


class WsgiError(HttpError, AssertionError):
    """The app broke a rule of PEP 3333, or a rule of HTTP that PEP 3333 refers to.

    Example:
        >>> from fastly_compute.wsgi import WsgiHttpIncoming
        >>> def app(environ, start_response):
        ...     start_response("200 OK", [("Connection", "close")])  # WsgiError: hop-by-hop
        ...     return [b"hello"]
        >>> HttpIncoming = WsgiHttpIncoming(app)
    """
