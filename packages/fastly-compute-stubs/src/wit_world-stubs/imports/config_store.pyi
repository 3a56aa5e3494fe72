# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Self
from types import TracebackType

class Store:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def get(self, key: str, max_len: int) -> Optional[str]:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""
