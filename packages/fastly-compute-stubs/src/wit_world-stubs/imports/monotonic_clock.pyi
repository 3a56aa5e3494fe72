# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from ..imports import poll

def now() -> int:
    ...

def resolution() -> int:
    ...

def subscribe_instant(when: int) -> poll.Pollable:
    ...

def subscribe_duration(when: int) -> poll.Pollable:
    ...
