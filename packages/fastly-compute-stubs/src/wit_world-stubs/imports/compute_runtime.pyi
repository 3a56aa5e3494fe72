# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Self
from types import TracebackType

class Products:

    @classmethod
    def new(cls) -> Self:
        ...

    def has_domain_inspector(self) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def has_image_optimizer(self) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def has_origin_inspector(self) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def get_vcpu_ms() -> int:
    ...

def get_heap_mib() -> int:
    ...

def get_sandbox_id() -> str:
    ...

def get_hostname() -> str:
    ...

def get_pop() -> str:
    ...

def get_region() -> str:
    ...

def get_cache_generation() -> int:
    ...

def get_customer_id() -> str:
    ...

def get_is_staging() -> bool:
    ...

def get_service_id() -> str:
    ...

def get_service_version() -> int:
    ...

def get_namespace_id() -> str:
    ...
