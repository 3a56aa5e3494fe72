# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Self
from types import TracebackType

class Endpoint:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def clone(self) -> Self:
        ...

    def write(self, msg: bytes) -> None:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""
