"""The exceptions that `http.client` and urllib3 raise, for those of the packages below."""

import socket
import ssl
from http.client import HTTPException, RemoteDisconnected
from typing import TYPE_CHECKING

from fastly_compute.backend import (
    BackendCallFailed,
    BackendError,
    BackendNotAllowed,
    InvalidBackendName,
    InvalidBackendOption,
)
from fastly_compute.http import (
    ConnectionLimitReached,
    ConnectionRefused,
    ConnectionTimeout,
    DestinationNotFound,
    DestinationUnavailable,
    DestinationUnroutable,
    DnsError,
    DnsTimeout,
    HttpError,
    InvalidUrl,
    ResponseIncomplete,
    TlsCertificateError,
    TlsError,
)
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

_NO_CONNECTION = (
    ConnectionLimitReached,
    ConnectionRefused,
    DestinationNotFound,
    DestinationUnavailable,
    DestinationUnroutable,
)
_NO_BACKEND = (BackendCallFailed, BackendNotAllowed, InvalidBackendName)


def for_http_client(error: Exception) -> Exception:
    """Make the exception that a socket or `http.client` would raise.

    Args:
        error: What was raised below.

    Returns:
        The exception to raise from it; *error* itself where it is of the right kind already.
    """
    text = str(error)
    if isinstance(error, DnsError):
        code = socket.EAI_AGAIN if isinstance(error, DnsTimeout) else socket.EAI_NONAME
        return socket.gaierror(code, text)
    if isinstance(error, InvalidUrl) and isinstance(error.__cause__, InvalidBackendOption):
        return socket.gaierror(socket.EAI_NONAME, text)  # no backend can have such a host
    if isinstance(error, TlsCertificateError):
        # Callers look for these words.
        text = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {text}"
        return ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, text)
    if isinstance(error, TlsError):
        return ssl.SSLError(ssl.SSL_ERROR_SSL, text)
    if isinstance(error, ResponseIncomplete):
        return RemoteDisconnected(text)
    if isinstance(error, _NO_BACKEND):
        return OSError(text)
    if isinstance(error, (HttpError, BackendError)) and not isinstance(
        error, (OSError, ValueError, TypeError)
    ):
        return HTTPException(text)
    return error


def for_urllib3(error: Exception, connection: "HTTPConnection") -> Exception:
    """Make the exception that a connection of urllib3 would raise.

    Args:
        error: What was raised below.
        connection: The connection.

    Returns:
        The exception to raise from it; *error* itself where it is of the right kind already.
    """
    made = for_http_client(error)
    if isinstance(made, socket.gaierror):
        return NameResolutionError(connection.host, connection, made)
    if isinstance(error, ConnectionTimeout):
        return ConnectTimeoutError(connection, f"Connection to {connection.host} timed out. {made}")
    if isinstance(error, (*_NO_CONNECTION, *_NO_BACKEND)):
        return NewConnectionError(connection, f"Failed to establish a new connection: {made}")
    return made
