# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Self
from types import TracebackType
from dataclasses import dataclass
from ..imports import types
from ..imports import async_io
from ..imports import http_req

class ExtraInspectOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class InspectOptions:
    corp: Optional[str]
    workspace: Optional[str]
    override_client_ip: Optional[types.IpAddress]
    extra: Optional[ExtraInspectOptions]

def inspect(request: http_req.Request, body: async_io.Pollable, options: InspectOptions, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
