# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from ..imports import streams

def get_stdout() -> streams.OutputStream:
    ...
