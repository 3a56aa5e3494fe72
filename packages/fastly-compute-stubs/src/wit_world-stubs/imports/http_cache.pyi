# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Tuple, Self
from types import TracebackType
from enum import Enum
from dataclasses import dataclass
from ..imports import backend
from ..imports import async_io
from ..imports import http_resp
from ..imports import http_req
from ..imports import cache

class ExtraLookupOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class LookupOptions:
    override_key: Optional[bytes]
    backend: Optional[backend.Backend]
    extra: Optional[ExtraLookupOptions]

class ExtraWriteOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class WriteOptions:
    max_age_ns: int
    vary_rule: Optional[str]
    initial_age_ns: Optional[int]
    stale_while_revalidate_ns: Optional[int]
    stale_if_error_ns: Optional[int]
    surrogate_keys: Optional[str]
    length: Optional[int]
    sensitive_data: bool
    extra: Optional[ExtraWriteOptions]

class SuggestedWriteOptions:

    def get_max_age_ns(self) -> int:
        ...

    def get_vary_rule(self, max_len: int) -> str:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_initial_age_ns(self) -> int:
        ...

    def get_stale_while_revalidate_ns(self) -> int:
        ...

    def get_stale_if_error_ns(self) -> int:
        ...

    def get_surrogate_keys(self, max_len: int) -> str:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_length(self) -> Optional[int]:
        ...

    def get_sensitive_data(self) -> bool:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class StorageAction(Enum):
    INSERT = 0
    UPDATE = 1
    DO_NOT_STORE = 2
    RECORD_UNCACHEABLE = 3

class Entry:

    @classmethod
    def transaction_lookup(cls, req_handle: http_req.Request, options: LookupOptions) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_insert(self, resp_handle: http_resp.Response, options: WriteOptions) -> async_io.Pollable:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_insert_and_stream_back(self, resp_handle: http_resp.Response, options: WriteOptions) -> Tuple[async_io.Pollable, Self]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_update(self, resp_handle: http_resp.Response, options: WriteOptions) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_update_and_return_fresh(self, resp_handle: http_resp.Response, options: WriteOptions) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_choose_stale(self) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_record_not_cacheable(self, options: WriteOptions) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_suggested_backend_request(self) -> http_req.Request:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_suggested_write_options(self, response: http_resp.Response) -> SuggestedWriteOptions:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def prepare_response_for_storage(self, response: http_resp.Response) -> Tuple[StorageAction, http_resp.Response]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_found_response(self, transform_for_client: int) -> Optional[Tuple[http_resp.Response, async_io.Pollable]]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_state(self) -> cache.LookupState:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_length(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_max_age_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_stale_while_revalidate_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_stale_if_error_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_age_ns(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_hits(self) -> Optional[int]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_sensitive_data(self) -> Optional[bool]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_surrogate_keys(self, max_len: int) -> Optional[str]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def get_vary_rule(self, max_len: int) -> Optional[str]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def transaction_abandon(self) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def step(self) -> Optional[async_io.Pollable]:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def is_request_cacheable(request: http_req.Request) -> bool:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def get_suggested_cache_key(request: http_req.Request, max_len: int) -> bytes:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def close_entry(handle: Entry) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
