"""The exceptions of access control lists, and which WIT error maps to which.

::

    AclError
      ├ InvalidName (ValueError)              refused before the host is called
      ├ InvalidAddress (ValueError)           refused before the host is called
      ├ InvalidMatch (ValueError)             the host's answer cannot be read
      └ AclCallFailed (HostError)             the host refused a call
          ├ AclNotFound (NotFound)
          ├ AclUnsupported (Unsupported)
          ├ AclNameRefused (ValueError)
          └ AclTooManyRequests
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


class AclError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.acl import Acl, AclError
        >>> try:
        ...     Acl.open("")
        ... except AclError as error:
        ...     print(error)
        an ACL's name has 1 to 255 characters, not 0
    """


class InvalidName(AclError, ValueError):
    """A list's name is empty, too long or not valid Unicode; the host was not called."""


class InvalidAddress(AclError, ValueError):
    """The text is not an IP address; the host was not called."""


class InvalidMatch(AclError, ValueError):
    """The host's answer is not the JSON that it should be.

    Attributes:
        why: What is wrong with it.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"cannot read the host's answer to an ACL lookup: {self.why}"


class AclCallFailed(AclError, HostError):
    """The host refused a call."""


class AclNotFound(AclCallFailed, NotFound):
    """The list does not exist, or it is not linked to this version of the service."""

    explanation: ClassVar[str] = (
        "the ACL does not exist, or is not linked to this version of the service"
    )


class AclUnsupported(AclCallFailed, Unsupported):
    """This host, or this service, has no access control lists."""


class AclNameRefused(AclCallFailed, ValueError):
    """The host rejects the name as malformed, too long or reserved."""


class AclTooManyRequests(AclCallFailed):
    """There were too many lookups: decide without the list, or answer 503."""

    explanation: ClassVar[str] = "there were too many lookups"


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, AclCallFailed),
    "invalid-syntax": AclNameRefused,
    "name-too-long": AclNameRefused,
    "reserved": AclNameRefused,
    "not-found": AclNotFound,
    "too-many-requests": AclTooManyRequests,
    "unsupported": AclUnsupported,
}
"""The exception for each case of the WIT's ``error``, ``open-error`` and ``acl-error``."""


def acl_error(value: object, operation: str, *, subject: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The list, and the address if one was looked up.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)
