# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Tuple, Self
from types import TracebackType
from enum import Flag, Enum, auto
from dataclasses import dataclass
from ..imports import async_io
from ..imports import http_req

class ExtraLookupOptions:

    def __init__(self) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class LookupOptions:
    request_headers: Optional[http_req.Request]
    always_use_requested_range: bool
    extra: Optional[ExtraLookupOptions]

class ExtraWriteOptions:

    def __init__(self) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class WriteOptions:
    max_age_ns: int
    request_headers: Optional[http_req.Request]
    vary_rule: Optional[str]
    initial_age_ns: Optional[int]
    stale_while_revalidate_ns: Optional[int]
    surrogate_keys: Optional[str]
    length: Optional[int]
    user_metadata: Optional[bytes]
    edge_max_age_ns: Optional[int]
    sensitive_data: bool
    extra: Optional[ExtraWriteOptions]

class LookupState(Flag):
    FOUND = auto()
    USABLE = auto()
    STALE = auto()
    MUST_INSERT_OR_UPDATE = auto()
    USABLE_IF_ERROR = auto()

class ExtraGetBodyOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class GetBodyOptions:
    from_: Optional[int]
    to: Optional[int]
    extra: Optional[ExtraGetBodyOptions]

class Entry:

    @classmethod
    def lookup(cls, key: bytes, options: LookupOptions) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    @classmethod
    def transaction_lookup(cls, key: bytes, options: LookupOptions) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    @classmethod
    def transaction_lookup_async(cls, key: bytes, options: LookupOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_insert(self, options: WriteOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_insert_and_stream_back(self, options: WriteOptions) -> Tuple[async_io.Pollable, Self]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_update(self, options: WriteOptions) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_state(self) -> LookupState:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_user_metadata(self, max_len: int) -> Optional[bytes]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_body(self, options: GetBodyOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_length(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_max_age_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_stale_while_revalidate_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_age_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_hits(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_cancel(self) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def step(self) -> Optional[async_io.Pollable]:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class ReplaceStrategy(Enum):
    IMMEDIATE = 0
    IMMEDIATE_FORCE_MISS = 1
    WAIT = 2

class ExtraReplaceOptions:

    def __init__(self) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class ReplaceOptions:
    request_headers: Optional[http_req.Request]
    replace_strategy: Optional[ReplaceStrategy]
    always_use_requested_range: bool
    extra: Optional[ExtraReplaceOptions]

class ReplaceEntry:

    @classmethod
    def replace(cls, key: bytes, options: ReplaceOptions) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_age_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_body(self, options: GetBodyOptions) -> Optional[async_io.Pollable]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_hits(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_length(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_max_age_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_stale_while_revalidate_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_state(self) -> Optional[LookupState]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_user_metadata(self, max_len: int) -> Optional[bytes]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def step(self) -> Optional[async_io.Pollable]:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def insert(key: bytes, options: WriteOptions) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def await_entry(handle: async_io.Pollable) -> Entry:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def close_pending_entry(handle: async_io.Pollable) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def close_entry(handle: Entry) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def replace_insert(handle: ReplaceEntry, options: WriteOptions) -> async_io.Pollable:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def close_replace_entry(handle: ReplaceEntry) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
