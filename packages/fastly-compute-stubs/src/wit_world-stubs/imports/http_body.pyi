# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Union, Optional, Tuple
from dataclasses import dataclass
from ..imports import types
from ..imports import async_io

@dataclass
class TrailerError_NotAvailableYet:
    pass

@dataclass
class TrailerError_Error:
    value: types.Error
TrailerError = Union[TrailerError_NotAvailableYet, TrailerError_Error]

def new() -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def append(dest: async_io.Pollable, src: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def read(body: async_io.Pollable, chunk_size: int) -> bytes:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def write(body: async_io.Pollable, buf: bytes) -> int:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def write_front(body: async_io.Pollable, buf: bytes) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def close(body: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def get_known_length(body: async_io.Pollable) -> Optional[int]:
    ...

def append_trailer(body: async_io.Pollable, name: str, value: bytes) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def get_trailer_names(body: async_io.Pollable, max_len: int, cursor: int) -> Tuple[str, Optional[int]]:
    """Raises: `componentize_py_types.Err(wit_world.imports.http_body.TrailerError)`"""

def get_trailer_value(body: async_io.Pollable, name: str, max_len: int) -> Optional[bytes]:
    """Raises: `componentize_py_types.Err(wit_world.imports.http_body.TrailerError)`"""

def get_trailer_values(body: async_io.Pollable, name: str, max_len: int, cursor: int) -> Tuple[bytes, Optional[int]]:
    """Raises: `componentize_py_types.Err(wit_world.imports.http_body.TrailerError)`"""
