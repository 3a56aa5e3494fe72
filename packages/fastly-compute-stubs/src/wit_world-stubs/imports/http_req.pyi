# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Union, Optional, Tuple, Self
from types import TracebackType
from enum import Enum
from dataclasses import dataclass
from ..imports import types
from ..imports import http_types
from ..imports import backend
from ..imports import async_io
from ..imports import http_resp

class ExtraCacheOverrideDetails:

    @classmethod
    def new(cls) -> Self:
        ...

    def set_lookup_timeout(self, timeout_ms: int) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class CacheOverrideDetails:
    ttl: Optional[int]
    stale_while_revalidate: Optional[int]
    pci: bool
    surrogate_key: Optional[str]
    extra: Optional[ExtraCacheOverrideDetails]

@dataclass
class CacheOverride_None_:
    pass

@dataclass
class CacheOverride_Pass:
    pass

@dataclass
class CacheOverride_Override:
    value: CacheOverrideDetails
CacheOverride = Union[CacheOverride_None_, CacheOverride_Pass, CacheOverride_Override]

class Request:

    @classmethod
    def new(cls) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_cache_override(self, cache_override: CacheOverride) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_header_names(self, max_len: int, cursor: int) -> Tuple[str, Optional[int]]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_header_value(self, name: str, max_len: int) -> Optional[bytes]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_header_values(self, name: str, max_len: int, cursor: int) -> Tuple[bytes, Optional[int]]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_header_values(self, name: str, values: bytes) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def insert_header(self, name: str, value: bytes) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def append_header(self, name: str, value: bytes) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def remove_header(self, name: str) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_method(self, max_len: int) -> str:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_method(self, method: str) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_uri(self, max_len: int) -> str:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_uri(self, uri: str) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_version(self) -> http_types.HttpVersion:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_version(self, version: http_types.HttpVersion) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_auto_decompress_response(self, encodings: http_types.ContentEncodings) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def redirect_to_websocket_proxy(self, backend: backend.Backend) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_framing_headers_mode(self, mode: http_types.FramingHeadersMode) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def redirect_to_grip_proxy(self, backend: backend.Backend) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class ClientCertVerifyResult(Enum):
    OK = 0
    BAD_CERTIFICATE = 1
    CERTIFICATE_REVOKED = 2
    CERTIFICATE_EXPIRED = 3
    UNKNOWN_CA = 4
    CERTIFICATE_MISSING = 5
    CERTIFICATE_UNKNOWN = 6

@dataclass
class DnsErrorDetail:
    rcode: Optional[int]
    info_code: Optional[int]

@dataclass
class TlsAlertReceivedDetail:
    id: Optional[int]

@dataclass
class H2ErrorDetail:
    frame_type: int
    error_code: int

class ExtraSendErrorDetail:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class SendErrorDetail_DnsTimeout:
    pass

@dataclass
class SendErrorDetail_DnsError:
    value: DnsErrorDetail

@dataclass
class SendErrorDetail_DestinationNotFound:
    pass

@dataclass
class SendErrorDetail_DestinationUnavailable:
    pass

@dataclass
class SendErrorDetail_DestinationIpUnroutable:
    pass

@dataclass
class SendErrorDetail_ConnectionRefused:
    pass

@dataclass
class SendErrorDetail_ConnectionTerminated:
    pass

@dataclass
class SendErrorDetail_ConnectionTimeout:
    pass

@dataclass
class SendErrorDetail_ConnectionLimitReached:
    pass

@dataclass
class SendErrorDetail_TlsCertificateError:
    pass

@dataclass
class SendErrorDetail_TlsConfigurationError:
    pass

@dataclass
class SendErrorDetail_HttpIncompleteResponse:
    pass

@dataclass
class SendErrorDetail_HttpResponseHeaderSectionTooLarge:
    pass

@dataclass
class SendErrorDetail_HttpResponseBodyTooLarge:
    pass

@dataclass
class SendErrorDetail_HttpResponseTimeout:
    pass

@dataclass
class SendErrorDetail_HttpResponseStatusInvalid:
    pass

@dataclass
class SendErrorDetail_HttpUpgradeFailed:
    pass

@dataclass
class SendErrorDetail_HttpProtocolError:
    pass

@dataclass
class SendErrorDetail_HttpRequestCacheKeyInvalid:
    pass

@dataclass
class SendErrorDetail_HttpRequestUriInvalid:
    pass

@dataclass
class SendErrorDetail_InternalError:
    pass

@dataclass
class SendErrorDetail_TlsAlertReceived:
    value: TlsAlertReceivedDetail

@dataclass
class SendErrorDetail_TlsProtocolError:
    pass

@dataclass
class SendErrorDetail_H2Error:
    value: H2ErrorDetail

@dataclass
class SendErrorDetail_Extra:
    value: ExtraSendErrorDetail
SendErrorDetail = Union[SendErrorDetail_DnsTimeout, SendErrorDetail_DnsError, SendErrorDetail_DestinationNotFound, SendErrorDetail_DestinationUnavailable, SendErrorDetail_DestinationIpUnroutable, SendErrorDetail_ConnectionRefused, SendErrorDetail_ConnectionTerminated, SendErrorDetail_ConnectionTimeout, SendErrorDetail_ConnectionLimitReached, SendErrorDetail_TlsCertificateError, SendErrorDetail_TlsConfigurationError, SendErrorDetail_HttpIncompleteResponse, SendErrorDetail_HttpResponseHeaderSectionTooLarge, SendErrorDetail_HttpResponseBodyTooLarge, SendErrorDetail_HttpResponseTimeout, SendErrorDetail_HttpResponseStatusInvalid, SendErrorDetail_HttpUpgradeFailed, SendErrorDetail_HttpProtocolError, SendErrorDetail_HttpRequestCacheKeyInvalid, SendErrorDetail_HttpRequestUriInvalid, SendErrorDetail_InternalError, SendErrorDetail_TlsAlertReceived, SendErrorDetail_TlsProtocolError, SendErrorDetail_H2Error, SendErrorDetail_Extra]

@dataclass
class ErrorWithDetail:
    detail: Optional[SendErrorDetail]
    error: types.Error

def send(request: Request, body: async_io.Pollable, backend: backend.Backend) -> Tuple[http_resp.Response, async_io.Pollable]:
    """Raises: `componentize_py_types.Err(wit_world.imports.http_req.ErrorWithDetail)`"""

def send_uncached(request: Request, body: async_io.Pollable, backend: backend.Backend) -> Tuple[http_resp.Response, async_io.Pollable]:
    """Raises: `componentize_py_types.Err(wit_world.imports.http_req.ErrorWithDetail)`"""

def send_async(request: Request, body: async_io.Pollable, backend: backend.Backend) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def send_async_uncached(request: Request, body: async_io.Pollable, backend: backend.Backend) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def send_async_streaming(request: Request, body: async_io.Pollable, backend: backend.Backend) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def send_async_uncached_streaming(request: Request, body: async_io.Pollable, backend: backend.Backend) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def await_response(pending: async_io.Pollable) -> Tuple[http_resp.Response, async_io.Pollable]:
    """Raises: `componentize_py_types.Err(wit_world.imports.http_req.ErrorWithDetail)`"""

def close(request: Request) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def upgrade_websocket(backend: backend.Backend) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
