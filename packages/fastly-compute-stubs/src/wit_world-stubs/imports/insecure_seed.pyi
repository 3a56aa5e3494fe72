# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Tuple

def insecure_seed() -> Tuple[int, int]:
    ...
