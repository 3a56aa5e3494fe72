# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional

def lookup(user_agent: str, max_len: int) -> Optional[str]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
