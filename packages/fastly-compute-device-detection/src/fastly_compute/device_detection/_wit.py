"""The bindings of ``fastly:compute/device-detection``; their errors become this package's."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings, read_sized
from fastly_compute.device_detection.errors import device_error

if TYPE_CHECKING:
    from wit_world.imports import device_detection
else:
    device_detection = bindings.interface("device_detection")


def lookup(user_agent: str) -> str | None:
    """Look up a User-Agent, and return JSON, or None if the host has no data."""
    try:
        return read_sized(lambda size: device_detection.lookup(user_agent, size))
    except bindings.Err as err:
        raise device_error(err.value, "device-detection.lookup") from None
