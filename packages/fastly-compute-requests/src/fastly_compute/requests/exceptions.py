"""The exceptions of ``requests``, with its names and bases, and which error is which of them.

::

    RequestException (OSError)
      ├ InvalidJSONError
      │   └ JSONDecodeError (json.JSONDecodeError)
      ├ HTTPError                                   only from Response.raise_for_status
      ├ ConnectionError (builtins.ConnectionError)
      │   ├ BackendNotAllowed (PermissionError)     ours: the app's own policy forbids the host
      │   ├ BackendNotFound (LookupError)           ours: no such backend
      │   ├ DynamicBackendsDisabled                 ours: the service may register none
      │   ├ ConnectTimeout                          is a Timeout as well
      │   ├ ProxyError
      │   └ SSLError
      ├ Timeout (TimeoutError)
      │   └ ReadTimeout
      ├ InvalidHeader, InvalidSchema, MissingSchema (ValueError)
      ├ InvalidURL (ValueError)
      │   └ InvalidProxyURL
      ├ UnknownCharset (LookupError)                ours: requests raises a bare LookupError
      ├ StreamConsumedError (TypeError)
      │   └ ContentConsumed (RuntimeError)          ours: requests raises a bare RuntimeError
      └ ChunkedEncodingError, ContentDecodingError, RetryError, TooManyRedirects,
        UnrewindableBodyError, URLRequired

Some of them are never raised here; code that was written for ``requests`` can still name them.
"""

import builtins
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastly_compute import backend, http
from fastly_compute.core import FastlyComputeError
from fastly_compute.requests.refused import module_getattr

if TYPE_CHECKING:
    from fastly_compute.requests.models import PreparedRequest, Request
    from fastly_compute.requests.response import Response

__getattr__ = module_getattr("exceptions")


class RequestException(FastlyComputeError, OSError):
    """Anything that goes wrong with a request or its response derives from this.

    Args:
        *args: The message.
        request: The request.
        response: The response.

    Attributes:
        request: The request, or None.
        response: The response, or None. It is there if, and only if, one was received.

    Example:
        >>> from fastly_compute import requests
        >>> try:
        ...     requests.get("example.org")
        ... except requests.RequestException as error:
        ...     print(error)
        Invalid URL 'example.org': No scheme supplied. Perhaps you meant https://example.org?
    """

    def __init__(
        self,
        *args: object,
        request: "PreparedRequest | Request | None" = None,
        response: "Response | None" = None,
    ) -> None:
        super().__init__(*args)
        self.response = response
        self.request = request
        if request is None and response is not None:
            self.request = response.request

    @classmethod
    def from_detailed_error(cls, err: Exception, operation: str) -> "RequestException":
        """Make the exception for a failed send: upstream's name for what this package does itself.

        Args:
            err: The error.
            operation: What was tried.

        Returns:
            The exception that belongs to the error; *cls* if it is of another package.
        """
        kind = kind_for(err) or cls
        return kind(f"{operation}: {err}")

    @classmethod
    def from_fastly_error(cls, err: Exception, operation: str) -> "RequestException":
        """Make the exception for a call that the host refused, likewise."""
        return cls.from_detailed_error(err, f"Operation {operation} failed")


class InvalidJSONError(RequestException):
    """The body cannot be encoded as JSON."""


class JSONDecodeError(InvalidJSONError, json.JSONDecodeError):
    """The response is not JSON. It is a `ValueError` as well."""

    def __init__(self, msg: str, doc: str, pos: int, *, response: "Response | None" = None) -> None:
        json.JSONDecodeError.__init__(self, msg, doc, pos)
        InvalidJSONError.__init__(self, *self.args, response=response)

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the facts."""
        return (type(self), (self.msg, self.doc, self.pos))


class HTTPError(RequestException):
    """The response's status says that the request failed; from `Response.raise_for_status`."""


class ConnectionError(RequestException, builtins.ConnectionError):  # noqa: A001 - requests' name
    """No complete response arrived."""


class BackendNotAllowed(ConnectionError, PermissionError):
    """The app's policy allows no dynamic backend for this host; nothing was sent."""


class BackendNotFound(ConnectionError, LookupError):
    """No backend has that name; ``requests`` has no such exception."""


class DynamicBackendsDisabled(ConnectionError):
    """The service may not register backends, so a static one must be named."""


class ProxyError(ConnectionError):
    """Never raised: proxies are not supported."""


class SSLError(ConnectionError):
    """The connection could not be secured."""


class Timeout(RequestException, TimeoutError):
    """Something took too long."""


class ConnectTimeout(ConnectionError, Timeout):
    """Connecting took too long. Nothing was sent, so the request can safely be sent again."""


class ReadTimeout(Timeout):
    """The response's first byte took too long. The request may have been processed."""


class URLRequired(RequestException):
    """Never raised: a URL is a required argument."""


class TooManyRedirects(RequestException):
    """There were more redirects than `Session.max_redirects`."""


class MissingSchema(RequestException, ValueError):
    """The URL does not begin with ``http://`` or ``https://``, but with the host."""


class InvalidSchema(RequestException, ValueError):
    """The session has no adapter for the URL, whose scheme is neither ``http`` nor ``https``."""


class InvalidURL(RequestException, ValueError):
    """The URL is malformed."""


class InvalidHeader(RequestException, ValueError):
    """A header's name or value cannot be sent."""


class InvalidProxyURL(InvalidURL):
    """Never raised: proxies are not supported."""


class ChunkedEncodingError(RequestException):
    """The connection was closed before the end of the response's body."""


class ContentDecodingError(RequestException):
    """The response's body is not what its Content-Encoding says: broken, or cut short."""


class UnknownCharset(RequestException, LookupError):
    """Text is to be decoded, and the response's encoding is unknown, or is not one of text."""


class StreamConsumedError(RequestException, TypeError):
    """The response's body was read, or closed, before."""


class ContentConsumed(StreamConsumedError, RuntimeError):
    """The response's ``content`` was read after its stream was read, or closed."""


class RetryError(RequestException):
    """Never raised: nothing is tried again."""


class UnrewindableBodyError(RequestException):
    """A redirect wants the body once more, and it cannot be read again."""


class RequestsWarning(Warning):
    """Never issued, and nor are the two below it."""


class FileModeWarning(RequestsWarning, DeprecationWarning):
    """Never issued: a file of text is sent as UTF-8, whatever its length."""


class RequestsDependencyWarning(RequestsWarning):
    """Never issued: no dependency can be too old."""


TRANSLATIONS: Mapping[type[Exception], type[RequestException]] = {
    backend.BackendError: RequestException,
    backend.BackendNotAllowed: BackendNotAllowed,
    backend.BackendNotFound: BackendNotFound,
    backend.DynamicBackendsDisabled: DynamicBackendsDisabled,
    backend.InvalidBackendName: BackendNotFound,
    http.BodyError: ConnectionError,
    http.BodyIncomplete: ChunkedEncodingError,
    http.ConnectionTimeout: ConnectTimeout,
    http.DestinationNotFound: BackendNotFound,
    http.DnsTimeout: ConnectTimeout,
    http.HttpError: RequestException,
    http.InvalidHeader: InvalidHeader,
    http.InvalidUrl: InvalidURL,
    http.RequestCacheKeyInvalid: InvalidHeader,
    http.RequestUrlInvalid: InvalidURL,
    http.ResponseTimeout: ReadTimeout,
    http.SendError: ConnectionError,
    http.TlsError: SSLError,
    http.WaitTimeout: ReadTimeout,
}
"""The exception for each of the packages below; a class that is not here has its base's."""


def kind_for(error: Exception) -> type[RequestException] | None:
    """Find the exception for one of the packages below.

    Args:
        error: The error.

    Returns:
        The class; None for an error of another package.
    """
    return next((TRANSLATIONS[cls] for cls in type(error).__mro__ if cls in TRANSLATIONS), None)


def translated(
    error: Exception,
    *,
    request: "PreparedRequest | None" = None,
    response: "Response | None" = None,
) -> RequestException:
    """Make the exception that ``requests`` would raise.

    Args:
        error: One of the packages below.
        request: The request.
        response: The response, if there was one.

    Returns:
        The exception, to be raised ``from`` the error.
    """
    return (kind_for(error) or RequestException)(str(error), request=request, response=response)
