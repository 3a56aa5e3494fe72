# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Self
from types import TracebackType

class TerminalInput:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""
