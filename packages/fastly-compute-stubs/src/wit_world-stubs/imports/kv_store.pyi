# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Union, Optional, Self
from types import TracebackType
from enum import Enum
from dataclasses import dataclass
from ..imports import async_io

class Entry:

    def take_body(self) -> Optional[async_io.Pollable]:
        ...

    def metadata(self, max_len: int) -> Optional[str]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def generation(self) -> int:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class ExtraKvError:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class KvError_BadRequest:
    pass

@dataclass
class KvError_PreconditionFailed:
    pass

@dataclass
class KvError_PayloadTooLarge:
    pass

@dataclass
class KvError_InternalError:
    pass

@dataclass
class KvError_TooManyRequests:
    pass

@dataclass
class KvError_GenericError:
    pass

@dataclass
class KvError_Extra:
    value: ExtraKvError
KvError = Union[KvError_BadRequest, KvError_PreconditionFailed, KvError_PayloadTooLarge, KvError_InternalError, KvError_TooManyRequests, KvError_GenericError, KvError_Extra]

class InsertMode(Enum):
    OVERWRITE = 0
    ADD = 1
    APPEND = 2
    PREPEND = 3

class ExtraInsertOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class InsertOptions:
    background_fetch: bool
    if_generation_match: Optional[int]
    metadata: Optional[str]
    time_to_live_sec: Optional[int]
    mode: InsertMode
    extra: Optional[ExtraInsertOptions]

class ListMode(Enum):
    STRONG = 0
    EVENTUAL = 1

class ExtraListOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class ListOptions:
    mode: ListMode
    cursor: Optional[str]
    limit: Optional[int]
    prefix: Optional[str]
    extra: Optional[ExtraListOptions]

class Store:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def lookup(self, key: str) -> Optional[Entry]:
        """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

    def lookup_async(self, key: str) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def insert(self, key: str, body: async_io.Pollable, options: InsertOptions) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

    def insert_async(self, key: str, body: async_io.Pollable, options: InsertOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def delete(self, key: str) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

    def delete_async(self, key: str) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def list(self, options: ListOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

    def list_async(self, options: ListOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def await_lookup(handle: async_io.Pollable) -> Optional[Entry]:
    """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

def await_insert(handle: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

def await_delete(handle: async_io.Pollable) -> bool:
    """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""

def await_list(handle: async_io.Pollable) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.kv_store.KvError)`"""
