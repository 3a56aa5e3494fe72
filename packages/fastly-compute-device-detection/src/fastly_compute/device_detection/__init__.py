"""Device detection on Fastly Compute: look up the device, system and browser of a User-Agent."""

from fastly_compute.device_detection.device import Device, OperatingSystem, UserAgent, lookup
from fastly_compute.device_detection.errors import (
    DeviceDetectionError,
    DeviceDetectionUnsupported,
    DeviceLookupFailed,
    InvalidDeviceData,
    InvalidUserAgent,
)

__all__ = [
    "Device",
    "DeviceDetectionError",
    "DeviceDetectionUnsupported",
    "DeviceLookupFailed",
    "InvalidDeviceData",
    "InvalidUserAgent",
    "OperatingSystem",
    "UserAgent",
    "lookup",
]
