# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Self
from types import TracebackType
from dataclasses import dataclass

class ExtraPurgeOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class PurgeOptions:
    soft_purge: bool
    extra: Optional[ExtraPurgeOptions]

def purge_surrogate_key(surrogate_keys: str, purge_options: PurgeOptions) -> None:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def purge_surrogate_key_verbose(surrogate_keys: str, purge_options: PurgeOptions, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
