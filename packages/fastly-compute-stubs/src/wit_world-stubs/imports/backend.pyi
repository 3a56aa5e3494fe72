# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Self
from types import TracebackType
from enum import Enum
from ..imports import secret_store

class HealthcheckOptions:

    @classmethod
    def new(cls, host: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def host(self, value: str) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def method(self, value: str) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def path(self, value: str) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def expected_status(self, value: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def window(self, value: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def threshold(self, value: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def initial(self, value: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def interval_ms(self, value: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def timeout_ms(self, value: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class DynamicBackendOptions:

    def __init__(self) -> None:
        ...

    def override_host(self, value: str) -> None:
        ...

    def connect_timeout(self, value: int) -> None:
        ...

    def first_byte_timeout(self, value: int) -> None:
        ...

    def between_bytes_timeout(self, value: int) -> None:
        ...

    def use_tls(self, value: bool) -> None:
        ...

    def tls_min_version(self, value: int) -> None:
        ...

    def tls_max_version(self, value: int) -> None:
        ...

    def cert_hostname(self, value: str) -> None:
        ...

    def ca_certificate(self, value: str) -> None:
        ...

    def tls_ciphers(self, value: str) -> None:
        ...

    def sni_hostname(self, value: str) -> None:
        ...

    def client_cert(self, client_cert: str, key: secret_store.Secret) -> None:
        ...

    def http_keepalive_time_ms(self, value: int) -> None:
        ...

    def tcp_keepalive_enable(self, value: int) -> None:
        ...

    def tcp_keepalive_interval_secs(self, value: int) -> None:
        ...

    def tcp_keepalive_probes(self, value: int) -> None:
        ...

    def tcp_keepalive_time_secs(self, value: int) -> None:
        ...

    def max_connections(self, value: int) -> None:
        ...

    def max_use(self, value: int) -> None:
        ...

    def max_lifetime_ms(self, value: int) -> None:
        ...

    def pooling(self, value: bool) -> None:
        ...

    def grpc(self, value: bool) -> None:
        ...

    def prefer_ipv6(self, value: bool) -> None:
        ...

    def healthcheck(self, value: HealthcheckOptions) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class BackendHealth(Enum):
    UNKNOWN = 0
    HEALTHY = 1
    UNHEALTHY = 2

class Backend:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def clone(self) -> Self:
        ...

    def get_name(self) -> str:
        ...

    def is_healthy(self) -> BackendHealth:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def is_dynamic(self) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_host(self, max_len: int) -> str:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_override_host(self, max_len: int) -> Optional[bytes]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_port(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_connect_timeout_ms(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_first_byte_timeout_ms(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_between_bytes_timeout_ms(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def is_tls(self) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_tls_min_version(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_tls_max_version(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_http_keepalive_time(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_tcp_keepalive_enable(self) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_tcp_keepalive_interval(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_tcp_keepalive_probes(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_tcp_keepalive_time(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def register_dynamic_backend(prefix: str, target: str, options: DynamicBackendOptions) -> Backend:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
