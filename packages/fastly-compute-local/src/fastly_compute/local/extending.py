"""Names for extensions of the local host, in addition to the public ones of `fastly_compute.local`.

fastly-compute-testing is one: it adds transports that answer by themselves, watches host calls and
makes them fail.
"""

from componentize_py_types import Err
from wit_world.imports.http_body import TrailerError_Error
from wit_world.imports.types import Error_BufferLen

from fastly_compute.local.config.kv import check_kv_store
from fastly_compute.local.host import App, ImageOptimizer, Interpose
from fastly_compute.local.interfaces.async_io import wait_for
from fastly_compute.local.interfaces.backend import Backend as BackendResource
from fastly_compute.local.interfaces.secret_store import Secret as SecretResource
from fastly_compute.local.interfaces.secret_store import Store as SecretStoreResource
from fastly_compute.local.interfaces.send_errors import SEND_ERROR_DETAILS, send_error
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import current
from fastly_compute.local.runtime.unavailable import check_unavailable
from fastly_compute.local.state import KvData
from fastly_compute.local.transport import (
    BodyFailure,
    HTTPTransport,
    OriginRequest,
    OriginResponse,
    SendFailure,
)
from fastly_compute.local.wit_functions import FUNCTIONS as WIT_FUNCTIONS

__all__ = [
    "SEND_ERROR_DETAILS",
    "WIT_FUNCTIONS",
    "App",
    "BackendResource",
    "BodyFailure",
    "Err",
    "Error_BufferLen",
    "HTTPTransport",
    "ImageOptimizer",
    "Interpose",
    "KvData",
    "OriginRequest",
    "OriginResponse",
    "Resource",
    "SecretResource",
    "SecretStoreResource",
    "SendFailure",
    "TrailerError_Error",
    "check_kv_store",
    "check_unavailable",
    "current",
    "send_error",
    "wait_for",
]
