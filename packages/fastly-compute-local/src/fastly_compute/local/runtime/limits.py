"""Limits for the sandboxes of a server, and for the requests that wait for one."""

import os
from dataclasses import dataclass, field

_PER_CORE = 16
_SHARE_OF_MEMORY = 4
_SANDBOX_BYTES = 16 * 1024 * 1024
"""More than most sandboxes use, less than the 128 MiB that one may use."""


def _default_sandboxes() -> int:
    wanted = _PER_CORE * (os.cpu_count() or 1)
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return wanted
    return max(1, min(wanted, memory // _SHARE_OF_MEMORY // _SANDBOX_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a `Server` does at once; requests beyond it wait, then get a 503.

    Attributes:
        sandboxes: Most sandboxes at once. By default 16 for each core of the machine, or fewer if
            that many would use a quarter of its memory at 16 MiB each. Requests that the app
            sends to its own server have the same number in addition.
        queued: Most requests that wait until a sandbox has ended.
        seconds: How long each of them waits.

    Raises:
        ValueError: *sandboxes* is below 1, *queued* is below 0, or *seconds* is not above 0.

    Example:
        >>> from fastly_compute.local import Limits
        >>> Limits(sandboxes=4).queued
        256
    """

    sandboxes: int = field(default_factory=_default_sandboxes)
    queued: int = 256
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.sandboxes < 1:
            raise ValueError(f"sandboxes = {self.sandboxes}: must be 1 or more")
        if self.queued < 0:
            raise ValueError(f"queued = {self.queued}: must be 0 or more")
        if not self.seconds > 0:
            raise ValueError(f"seconds = {self.seconds}: must be more than 0")
