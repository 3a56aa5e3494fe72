# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Tuple, Self
from types import TracebackType
from enum import Enum
from ..imports import types
from ..imports import http_types
from ..imports import async_io

class KeepaliveMode(Enum):
    AUTOMATIC = 0
    NO_KEEPALIVE = 1

class Response:

    @classmethod
    def new(cls) -> Self:
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

    def get_version(self) -> http_types.HttpVersion:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_version(self, version: http_types.HttpVersion) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_status(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_status(self, status: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_framing_headers_mode(self, mode: http_types.FramingHeadersMode) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def set_http_keepalive_mode(self, mode: KeepaliveMode) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_remote_ip_addr(self) -> Optional[types.IpAddress]:
        ...

    def get_remote_port(self) -> Optional[int]:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class PendingResponseKind(Enum):
    ANY = 0
    RESPONSE = 1
    ERROR = 2

def send_downstream(response: Response, body: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def send_downstream_streaming(response: Response, body: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def send_downstream_pending(handle: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def insert_header_pending(pending: async_io.Pollable, name: str, value: bytes, target: PendingResponseKind) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def append_header_pending(pending: async_io.Pollable, name: str, value: bytes, target: PendingResponseKind) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def remove_header_pending(pending: async_io.Pollable, name: str, target: PendingResponseKind) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def close(response: Response) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
