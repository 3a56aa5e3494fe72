# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Self
from types import TracebackType
from ..imports import backend

class ShieldBackendOptions:

    def __init__(self) -> None:
        ...

    def set_cache_key(self, cache_key: str) -> None:
        ...

    def set_first_byte_timeout(self, timeout_ms: int) -> None:
        ...

    def set_between_bytes_timeout(self, timeout_ms: int) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def shield_info(name: str, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def backend_for_shield(name: str, options: Optional[ShieldBackendOptions]) -> backend.Backend:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
