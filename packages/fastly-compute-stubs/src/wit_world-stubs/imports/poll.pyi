# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import List, Self
from types import TracebackType

class Pollable:

    def ready(self) -> bool:
        ...

    def block(self) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

def poll(in_: List[Pollable]) -> List[int]:
    ...
