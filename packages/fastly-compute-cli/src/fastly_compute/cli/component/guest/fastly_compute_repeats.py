"""Notes the requests that an app runs through itself while it is imported, to repeat them.

The pass `warm-up` repeats them once everything is imported.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

noted: list[Callable[[], None]] = []


def note(module: ModuleType) -> None:
    """Let a module's function `warm_up` take note of what it ran."""
    real: Callable[..., None] = module.warm_up

    @functools.wraps(real)
    def warm_up(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        noted.append(functools.partial(real, *arguments, **options))

    module.warm_up = warm_up  # type: ignore[attr-defined]
