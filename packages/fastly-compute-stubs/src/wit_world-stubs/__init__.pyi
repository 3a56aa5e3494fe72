# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Protocol

class WitWorld(Protocol):
    pass
