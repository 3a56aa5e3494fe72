"""What goes wrong between an app and its server."""

from fastly_compute.http import HttpError


class WsgiError(HttpError, AssertionError):
    """The app broke a rule of PEP 3333, or of HTTP as far as that asks for it.

    Example:
        >>> from fastly_compute.wsgi import WsgiHttpIncoming
        >>> def app(environ, start_response):
        ...     start_response("200 OK", [("Connection", "close")])  # WsgiError: hop by hop
        ...     return [b"hello"]
        >>> HttpIncoming = WsgiHttpIncoming(app)
    """
