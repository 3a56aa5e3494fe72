"""The API of the ``requests`` library, on Fastly Compute backends."""

from fastly_compute.requests import exceptions, structures
from fastly_compute.requests.api import (
    RequestKwargs,
    delete,
    get,
    head,
    options,
    patch,
    post,
    put,
    request,
)
from fastly_compute.requests.exceptions import (
    BackendNotFound,
    ConnectionError,  # noqa: A004 - requests' name
    ConnectTimeout,
    DynamicBackendsDisabled,
    HTTPError,
    JSONDecodeError,
    MissingSchema,
    ReadTimeout,
    RequestException,
    Timeout,
    TooManyRedirects,
    URLRequired,
)
from fastly_compute.requests.prepare import PreparedRequest
from fastly_compute.requests.response import Response
from fastly_compute.requests.response import Response as FastlyResponse
from fastly_compute.requests.timeouts import TimeoutConfig

__all__ = [
    "BackendNotFound",
    "ConnectTimeout",
    "ConnectionError",
    "DynamicBackendsDisabled",
    "FastlyResponse",
    "HTTPError",
    "JSONDecodeError",
    "MissingSchema",
    "PreparedRequest",
    "ReadTimeout",
    "RequestException",
    "RequestKwargs",
    "Response",
    "Timeout",
    "TimeoutConfig",
    "TooManyRedirects",
    "URLRequired",
    "delete",
    "exceptions",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "structures",
]
