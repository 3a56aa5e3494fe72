"""The exception for ASGI apps that break the rules."""

from fastly_compute.http import HttpError


class AsgiError(HttpError, RuntimeError):
    """The app broke a rule of ASGI, or a rule of HTTP that ASGI refers to; or its startup failed.

    Example:
        >>> from fastly_compute.asgi import AsgiHttpIncoming
        >>> async def app(scope, receive, send):
        ...     await send({"type": "http.response.body"})  # AsgiError: start must come first
        >>> HttpIncoming = AsgiHttpIncoming(app)
    """
