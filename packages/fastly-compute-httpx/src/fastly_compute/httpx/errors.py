"""The exception of httpx for each error of the packages below."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import httpx
from fastly_compute import backend, http

# Retrying a ConnectError or ConnectTimeout is common, and safe as long as nothing was sent.
SENDING: Final[Mapping[type[Exception], type[httpx.TransportError]]] = {
    backend.BackendError: httpx.ConnectError,
    http.BodyError: httpx.WriteError,
    http.ConnectionLimitReached: httpx.ConnectError,
    http.ConnectionRefused: httpx.ConnectError,
    http.ConnectionTerminated: httpx.RemoteProtocolError,
    http.ConnectionTimeout: httpx.ConnectTimeout,
    http.DestinationNotFound: httpx.ConnectError,
    http.DestinationUnavailable: httpx.ConnectError,
    http.DestinationUnroutable: httpx.ConnectError,
    http.DnsError: httpx.ConnectError,
    http.DnsTimeout: httpx.ConnectTimeout,
    http.HttpError: httpx.TransportError,
    http.InvalidHeader: httpx.LocalProtocolError,
    http.InvalidMethod: httpx.LocalProtocolError,
    http.InvalidUrl: httpx.LocalProtocolError,
    http.ProtocolError: httpx.RemoteProtocolError,
    http.RequestInvalid: httpx.LocalProtocolError,
    http.ResponseBodyTooLarge: httpx.RemoteProtocolError,
    http.ResponseHeadersTooLarge: httpx.RemoteProtocolError,
    http.ResponseIncomplete: httpx.RemoteProtocolError,
    http.ResponseStatusInvalid: httpx.RemoteProtocolError,
    http.ResponseTimeout: httpx.ReadTimeout,
    http.SendError: httpx.NetworkError,
    http.TlsCertificateError: httpx.ConnectError,
    http.TlsConfigurationError: httpx.ConnectError,
    http.TlsError: httpx.ReadError,
    http.UpgradeFailed: httpx.RemoteProtocolError,
}
"""The exceptions until the head of the response; a class that is missing has its base's."""

READING: Final[Mapping[type[Exception], type[httpx.TransportError]]] = {
    http.BodyError: httpx.ReadError,
    http.BodyIncomplete: httpx.RemoteProtocolError,
    http.HttpError: httpx.TransportError,
}
"""The exceptions while the response's body is read."""

# About an argument that the app passes: a mistake in the code, and not a failed request.
_BAD_ARGUMENT = (backend.InvalidBackendOption, backend.BackendOptionTypeError)


@contextmanager
def translating(
    request: httpx.Request, table: Mapping[type[Exception], type[httpx.TransportError]]
) -> Iterator[None]:
    """Raise the exceptions of httpx instead of those of the packages below, which they chain.

    Args:
        request: What the exceptions get as their ``request``.
        table: `SENDING` or `READING`.
    """
    try:
        yield
    except _BAD_ARGUMENT:
        raise
    except (http.HttpError, backend.BackendError) as error:
        kind = next(table[cls] for cls in type(error).__mro__ if cls in table)
        raise kind(str(error), request=request) from error
