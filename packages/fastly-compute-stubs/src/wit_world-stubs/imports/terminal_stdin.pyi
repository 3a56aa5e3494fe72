# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional
from ..imports import terminal_input

def get_terminal_stdin() -> Optional[terminal_input.TerminalInput]:
    ...
