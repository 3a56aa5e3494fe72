# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Union, Self
from types import TracebackType
from dataclasses import dataclass
from ..imports import error
from ..imports import poll

@dataclass
class StreamError_LastOperationFailed:
    value: error.Error

@dataclass
class StreamError_Closed:
    pass
StreamError = Union[StreamError_LastOperationFailed, StreamError_Closed]

class InputStream:

    def read(self, len: int) -> bytes:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def blocking_read(self, len: int) -> bytes:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def skip(self, len: int) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def blocking_skip(self, len: int) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def subscribe(self) -> poll.Pollable:
        ...

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

class OutputStream:

    def check_write(self) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def write(self, contents: bytes) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def blocking_write_and_flush(self, contents: bytes) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def flush(self) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def blocking_flush(self) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def subscribe(self) -> poll.Pollable:
        ...

    def write_zeroes(self, len: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def blocking_write_zeroes_and_flush(self, len: int) -> None:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def splice(self, src: InputStream, len: int) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def blocking_splice(self, src: InputStream, len: int) -> int:
        """Raises: `componentize_py_types.Err(wit_world.imports.streams.StreamError)`"""

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""
