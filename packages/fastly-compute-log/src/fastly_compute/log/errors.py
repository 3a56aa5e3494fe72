"""The exceptions of logging, and which WIT error maps to which.

::

    LogError
      ├ InvalidEndpointName (ValueError)      refused before the host is called
      ├ NoEndpoint (LookupError)              a handler has no endpoint for a record
      └ LogCallFailed (HostError)             the host refused a call
          ├ EndpointNotFound (NotFound)
          ├ LogUnsupported (Unsupported)
          └ EndpointNameRefused (ValueError)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import (
    FastlyComputeError,
    HostError,
    NotFound,
    Unsupported,
    errors,
    host_error,
)


class LogError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.log import LogEndpoint, LogError
        >>> try:
        ...     LogEndpoint.open("stdout")
        ... except LogError as error:
        ...     print(error)
        an endpoint name must not be 'stdout': the platform keeps it for itself
    """


class InvalidEndpointName(LogError, ValueError):
    """An endpoint's name is invalid; the host was not called.

    Attributes:
        name: The name.
        rule: The rule that it breaks.
    """

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(name, rule)
        self.name = name
        self.rule = rule

    def __str__(self) -> str:
        return f"an endpoint name must {self.rule}"


class NoEndpoint(LogError, LookupError):
    """The mapper of a handler returned None for a record, and no default endpoint is set.

    Attributes:
        logger: The name of the record's logger.
    """

    def __init__(self, logger: str) -> None:
        super().__init__(logger)
        self.logger = logger

    def __str__(self) -> str:
        return (
            f"no endpoint for a record of logger {self.logger!r}: the mapper returned None, and "
            "the handler has no default_endpoint"
        )


class LogCallFailed(LogError, HostError):
    """The host refused a call."""


class EndpointNotFound(LogCallFailed, NotFound):
    """No endpoint has that name; most hosts accept any name."""

    explanation: ClassVar[str] = "this version of the service has no such log endpoint"


class LogUnsupported(LogCallFailed, Unsupported):
    """This host, or this service, has no log endpoints."""


class EndpointNameRefused(LogCallFailed, ValueError):
    """The host rejects the name as malformed, too long or reserved."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, LogCallFailed),
    "invalid-syntax": EndpointNameRefused,
    "name-too-long": EndpointNameRefused,
    "reserved": EndpointNameRefused,
    "not-found": EndpointNotFound,
    "unsupported": LogUnsupported,
}
"""The exception for each case of the WIT's ``types.open-error``, and of ``types.error``."""


def log_error(value: object, operation: str, *, subject: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The name that it was called with.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)
