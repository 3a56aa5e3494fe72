"""The exceptions of device detection, and which WIT error maps to which.

::

    DeviceDetectionError
      ├ InvalidUserAgent (ValueError)         refused before the host is called
      ├ InvalidDeviceData (ValueError)        the host's answer cannot be read
      └ DeviceLookupFailed (HostError)        the host refused the call
          └ DeviceDetectionUnsupported (Unsupported)
"""

from collections.abc import Mapping

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class DeviceDetectionError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.device_detection import DeviceDetectionError, lookup
        >>> def is_mobile(user_agent: str) -> bool:
        ...     try:
        ...         device = lookup(user_agent)
        ...     except DeviceDetectionError:
        ...         return False
        ...     return device is not None and bool(device.is_mobile)
    """


class InvalidUserAgent(DeviceDetectionError, ValueError):
    """The text is not valid Unicode; the host was not called."""


class InvalidDeviceData(DeviceDetectionError, ValueError):
    """The host's answer is not the JSON that it should be.

    Attributes:
        field: The field whose value cannot be read, such as ``os.name``, or None if the whole
            answer cannot.
        why: What is wrong with it.
    """

    def __init__(self, field: str | None, why: str) -> None:
        super().__init__(field, why)
        self.field = field
        self.why = why

    def __str__(self) -> str:
        where = "" if self.field is None else f" of {self.field}"
        return f"cannot read the host's device data{where}: {self.why}"


class DeviceLookupFailed(DeviceDetectionError, HostError):
    """The host refused the lookup."""


class DeviceDetectionUnsupported(DeviceLookupFailed, Unsupported):
    """This host, or this service, has no device detection."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, DeviceLookupFailed),
    "unsupported": DeviceDetectionUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""


def device_error(value: object, operation: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.

    Returns:
        The exception.
    """
    return host_error(value, operation, classes=CLASSES)
