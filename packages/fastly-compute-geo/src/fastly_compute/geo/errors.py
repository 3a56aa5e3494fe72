"""The exceptions of geolocation, and which WIT error maps to which.

::

    GeoError
      ├ InvalidAddress (ValueError)           refused before the host is called
      ├ InvalidGeoData (ValueError)           the host's answer cannot be read
      └ GeoLookupFailed (HostError)           the host refused the call
          └ GeoUnsupported (Unsupported)
"""

from collections.abc import Mapping

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class GeoError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.geo import GeoError, lookup
        >>> try:
        ...     lookup("192.0.2.256")
        ... except GeoError as error:
        ...     print(error)
        invalid IP address: '192.0.2.256' (must be like 192.0.2.1 or 2001:db8::1)
    """


class InvalidAddress(GeoError, ValueError):
    """The text is not an IP address; the host was not called."""


class InvalidGeoData(GeoError, ValueError):
    """The host's answer is not the JSON that it should be.

    Attributes:
        field: The field whose value cannot be read, or None if the whole answer cannot.
        why: What is wrong with it.
    """

    def __init__(self, field: str | None, why: str) -> None:
        super().__init__(field, why)
        self.field = field
        self.why = why

    def __str__(self) -> str:
        where = "" if self.field is None else f" of {self.field}"
        return f"cannot read the host's geographic data{where}: {self.why}"


class GeoLookupFailed(GeoError, HostError):
    """The host refused the lookup."""


class GeoUnsupported(GeoLookupFailed, Unsupported):
    """This host, or this service, has no geographic data."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, GeoLookupFailed),
    "unsupported": GeoUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""


def geo_error(value: object, operation: str, *, subject: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The address that it was called with.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)
