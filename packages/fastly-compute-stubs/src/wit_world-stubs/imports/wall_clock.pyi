# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from dataclasses import dataclass

@dataclass
class Datetime:
    seconds: int
    nanoseconds: int

def now() -> Datetime:
    ...

def resolution() -> Datetime:
    ...
