# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from componentize_py_types import Result

def exit(status: Result[None, None]) -> None:
    ...
