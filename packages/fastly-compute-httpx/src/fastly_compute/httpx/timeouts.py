"""The timeouts of httpx as the options of a backend."""

from collections.abc import Mapping
from typing import Final

import httpx
from fastly_compute.backend import BackendOptions
from fastly_compute.backend.adapting import timeout_options
from fastly_compute.core import milliseconds

DEFAULT: Final[Mapping[str, float | None]] = httpx.Timeout(5.0).as_dict()
"""What each request of httpx has that is given no timeout."""


def timeouts_of(request: httpx.Request) -> Mapping[str, float | None]:
    """Return the timeouts that httpx gave a request, in seconds, by phase."""
    timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
    return timeouts


def is_given(timeouts: Mapping[str, float | None]) -> bool:
    """Tell whether these timeouts differ from those that each request has, and from none."""
    return timeouts != DEFAULT and any(value is not None for value in timeouts.values())


def backend_options(timeouts: Mapping[str, float | None]) -> BackendOptions:
    """Make the options of the dynamic backend with these timeouts.

    Args:
        timeouts: Seconds by phase. ``connect`` is the time to connect; ``read`` that to the first
            byte, and between bytes. ``write`` and ``pool`` have no counterpart.

    Returns:
        The options; a phase without a limit has the backend's default.

    Raises:
        TypeError: A timeout is not a number.
        ValueError: One is 0, negative, not finite or too long.
    """
    for phase in ("connect", "read"):
        seconds = timeouts.get(phase)
        if seconds is not None and milliseconds(seconds, field=f"the {phase} timeout") == 0:
            raise ValueError(
                f"the {phase} timeout must be at least 1 ms, not {seconds!r} s; None is the "
                "backend's default"
            )
    return timeout_options(timeouts.get("connect"), timeouts.get("read"))
