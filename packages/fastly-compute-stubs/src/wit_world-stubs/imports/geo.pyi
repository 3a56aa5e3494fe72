# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from ..imports import types

def lookup(ip_addr: types.IpAddress, max_len: int) -> str:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
