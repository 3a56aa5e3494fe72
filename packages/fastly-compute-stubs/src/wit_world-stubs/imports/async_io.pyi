# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, List, Self
from types import TracebackType

class Pollable:

    def is_ready(self) -> bool:
        ...

    @classmethod
    def new_ready(cls) -> Self:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def select(handles: List[Pollable]) -> int:
    ...

def select_with_timeout(handles: List[Pollable], timeout_ms: int) -> Optional[int]:
    ...
