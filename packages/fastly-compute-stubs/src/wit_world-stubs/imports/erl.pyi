# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Self
from types import TracebackType

class PenaltyBox:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def get_name(self) -> str:
        ...

    def add(self, entry: str, ttl: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def has(self, entry: str) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class RateCounter:

    @classmethod
    def open(cls, name: str) -> Self:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.OpenError)`"""

    def get_name(self) -> str:
        ...

    def check_rate(self, entry: str, delta: int, window: int, limit: int, penalty_box: PenaltyBox, ttl: int) -> bool:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def increment(self, entry: str, delta: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def lookup_rate(self, entry: str, window: int) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def lookup_count(self, entry: str, duration: int) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""
