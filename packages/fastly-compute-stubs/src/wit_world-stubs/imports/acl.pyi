# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Self
from types import TracebackType
from enum import Enum
from ..imports import types
from ..imports import async_io

class AclError(Enum):
    TOO_MANY_REQUESTS = 0
    GENERIC_ERROR = 1

class Acl:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def lookup(self, ip_addr: types.IpAddress) -> Optional[async_io.Pollable]:
        """Raises: `componentize_py_types.Err(wit_world.imports.acl.AclError)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""
