# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Union, Optional, Tuple, Self
from types import TracebackType
from dataclasses import dataclass
from ..imports import types
from ..imports import async_io
from ..imports import http_req

class ExtraNextRequestOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class NextRequestOptions:
    timeout_ms: Optional[int]
    extra: Optional[ExtraNextRequestOptions]

class ExtraBotCategory:

    def as_raw(self) -> int:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class BotCategory_None_:
    pass

@dataclass
class BotCategory_Suspected:
    pass

@dataclass
class BotCategory_Accessibility:
    pass

@dataclass
class BotCategory_AiCrawler:
    pass

@dataclass
class BotCategory_AiFetcher:
    pass

@dataclass
class BotCategory_ContentFetcher:
    pass

@dataclass
class BotCategory_MonitoringSiteTools:
    pass

@dataclass
class BotCategory_OnlineMarketing:
    pass

@dataclass
class BotCategory_PagePreview:
    pass

@dataclass
class BotCategory_PlatformIntegrations:
    pass

@dataclass
class BotCategory_Research:
    pass

@dataclass
class BotCategory_SearchEngineCrawler:
    pass

@dataclass
class BotCategory_SearchEngineOptimization:
    pass

@dataclass
class BotCategory_SecurityTools:
    pass

@dataclass
class BotCategory_Extra:
    value: ExtraBotCategory
BotCategory = Union[BotCategory_None_, BotCategory_Suspected, BotCategory_Accessibility, BotCategory_AiCrawler, BotCategory_AiFetcher, BotCategory_ContentFetcher, BotCategory_MonitoringSiteTools, BotCategory_OnlineMarketing, BotCategory_PagePreview, BotCategory_PlatformIntegrations, BotCategory_Research, BotCategory_SearchEngineCrawler, BotCategory_SearchEngineOptimization, BotCategory_SecurityTools, BotCategory_Extra]

def next_request(options: NextRequestOptions) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def await_request(pending: async_io.Pollable) -> Optional[Tuple[http_req.Request, async_io.Pollable]]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_original_header_names(ds_request: http_req.Request, max_len: int, cursor: int) -> Tuple[str, Optional[int]]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_original_header_count(ds_request: http_req.Request) -> int:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_client_ip_addr(ds_request: http_req.Request) -> Optional[types.IpAddress]:
    ...

def downstream_server_ip_addr(ds_request: http_req.Request) -> Optional[types.IpAddress]:
    ...

def downstream_client_h2_fingerprint(ds_request: http_req.Request, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_client_request_id(ds_request: http_req.Request, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_client_oh_fingerprint(ds_request: http_req.Request, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_client_ddos_detected(ds_request: http_req.Request) -> bool:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_cipher_openssl_name(ds_request: http_req.Request, max_len: int) -> Optional[bytes]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_protocol(ds_request: http_req.Request, max_len: int) -> Optional[bytes]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_client_hello(ds_request: http_req.Request, max_len: int) -> Optional[bytes]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_raw_client_certificate(ds_request: http_req.Request, max_len: int) -> Optional[bytes]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_client_cert_verify_result(ds_request: http_req.Request) -> Optional[http_req.ClientCertVerifyResult]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_client_servername(ds_request: http_req.Request, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_ja3_md5(ds_request: http_req.Request) -> Optional[bytes]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_tls_ja4(ds_request: http_req.Request, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_compliance_region(ds_request: http_req.Request, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def fastly_key_is_valid(ds_request: http_req.Request) -> bool:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_bot_analyzed(ds_request: http_req.Request) -> bool:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_bot_detected(ds_request: http_req.Request) -> bool:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_bot_name(ds_request: http_req.Request, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_bot_category(ds_request: http_req.Request, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_bot_category_kind(ds_request: http_req.Request) -> Optional[BotCategory]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_bot_verified(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_anonymous(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_anonymous_vpn(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_hosting_provider(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_proxy_over_vpn(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_public_proxy(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_relay_proxy(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_residential_proxy(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_smart_dns_proxy(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_tor_exit_node(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_is_vpn_datacenter(ds_request: http_req.Request) -> Optional[bool]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_resvpnproxy_vpn_service_name(ds_request: http_req.Request, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_visits_this_service() -> int:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def downstream_visits_this_pop() -> int:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
