"""The exceptions of security, and which WIT error maps to which.

::

    SecurityError
      ├ InvalidInspectOption (ValueError)     refused before the host is called
      └ SecurityCallFailed (HostError)        the host refused a call, or its answer is malformed
          └ SecurityUnsupported (Unsupported)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class SecurityError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    A request that raises this was not inspected: decide whether to refuse it.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response
        >>> from fastly_compute.security import SecurityError, Verdict, inspect
        >>> def handle(request: IncomingRequest) -> Response:
        ...     try:
        ...         found = inspect(request, corp="my-corp", workspace="my-site")
        ...     except SecurityError:
        ...         return Response.text("Try again later.", status=503)
        ...     return Response.text("hello" if found.verdict == Verdict.ALLOW else "no")
    """


class InvalidInspectOption(SecurityError, ValueError):
    """An option is invalid; the host was not called.

    Attributes:
        option: The option's name.
    """

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(option, rule)
        self.option = option

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


class SecurityCallFailed(SecurityError, HostError):
    """The host refused a call, or its answer is malformed. The request was not inspected."""


class SecurityUnsupported(SecurityCallFailed, Unsupported):
    """This host, or this service, cannot inspect requests."""

    explanation: ClassVar[str] = "this host or this service cannot inspect requests"


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, SecurityCallFailed),
    "unsupported": SecurityUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""


def security_error(value: object, operation: str, *, subject: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The workspace that it was called with.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)
