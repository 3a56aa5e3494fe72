# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Tuple, List

def get_environment() -> List[Tuple[str, str]]:
    ...

def get_arguments() -> List[str]:
    ...

def initial_cwd() -> Optional[str]:
    ...
