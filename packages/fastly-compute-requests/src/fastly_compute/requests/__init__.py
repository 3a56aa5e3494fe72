"""The API of the ``requests`` library, on Fastly Compute backends."""

from fastly_compute.requests import (
    adapters,
    auth,
    certs,
    compat,
    cookies,
    exceptions,
    hooks,
    models,
    sessions,
    status_codes,
    structures,
    utils,
)
from fastly_compute.requests.__version__ import (  # noqa: F401 - libraries read them
    __author__,
    __author_email__,
    __build__,
    __cake__,
    __copyright__,
    __description__,
    __license__,
    __title__,
    __url__,
    __version__,
)
from fastly_compute.requests.adapters import BackendAdapter
from fastly_compute.requests.api import (
    delete,
    gather,
    get,
    head,
    options,
    patch,
    post,
    put,
    request,
)
from fastly_compute.requests.exceptions import (
    BackendNotAllowed,
    BackendNotFound,
    ConnectionError,  # noqa: A004 - requests' name
    ConnectTimeout,
    DynamicBackendsDisabled,
    FileModeWarning,
    HTTPError,
    JSONDecodeError,
    MissingSchema,
    ReadTimeout,
    RequestException,
    RequestsDependencyWarning,
    Timeout,
    TooManyRedirects,
    URLRequired,
)
from fastly_compute.requests.keywords import RequestKwargs
from fastly_compute.requests.models import PreparedRequest, Request
from fastly_compute.requests.patching import install
from fastly_compute.requests.pending import PendingResponse
from fastly_compute.requests.refused import module_getattr
from fastly_compute.requests.response import Response
from fastly_compute.requests.response import Response as FastlyResponse
from fastly_compute.requests.sessions import Session, session
from fastly_compute.requests.status_codes import codes
from fastly_compute.requests.timeouts import TimeoutConfig

__getattr__ = module_getattr("")

__all__ = [
    "BackendAdapter",
    "BackendNotAllowed",
    "BackendNotFound",
    "ConnectTimeout",
    "ConnectionError",
    "DynamicBackendsDisabled",
    "FastlyResponse",
    "FileModeWarning",
    "HTTPError",
    "JSONDecodeError",
    "MissingSchema",
    "PendingResponse",
    "PreparedRequest",
    "ReadTimeout",
    "Request",
    "RequestException",
    "RequestKwargs",
    "RequestsDependencyWarning",
    "Response",
    "Session",
    "Timeout",
    "TimeoutConfig",
    "TooManyRedirects",
    "URLRequired",
    "__version__",
    "adapters",
    "auth",
    "certs",
    "codes",
    "compat",
    "cookies",
    "delete",
    "exceptions",
    "gather",
    "get",
    "head",
    "hooks",
    "install",
    "models",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "session",
    "sessions",
    "status_codes",
    "structures",
    "utils",
]
