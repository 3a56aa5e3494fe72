# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional
from ..imports import terminal_output

def get_terminal_stderr() -> Optional[terminal_output.TerminalOutput]:
    ...
