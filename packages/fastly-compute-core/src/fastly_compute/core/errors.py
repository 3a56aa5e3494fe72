"""The root of all errors, and the table from the WIT's error cases to exceptions.

::

    FastlyComputeError
      ├ HostUnavailable (RuntimeError)        no host here, or not yet
      ├ HandleClosed (ValueError)             used after it was closed or given away
      └ HostError                             the host refused a call
          ├ InvalidArgument (ValueError)
          ├ InvalidSyntax, NameTooLong, NameReserved (ValueError)
          ├ NotFound (LookupError)
          ├ Unsupported (NotImplementedError)
          ├ HttpIncomplete (EOFError)
          └ AuxiliaryError, BufferTooSmall, CannotRead, HttpHeadTooLarge,
            HttpInvalid, HttpInvalidStatus, HttpUser, LimitExceeded
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import ClassVar


class FastlyComputeError(Exception):
    """Anything that goes wrong in a fastly-compute package derives from this.

    Example:
        >>> from fastly_compute.core import FastlyComputeError, HandleClosed
        >>> issubclass(HandleClosed, FastlyComputeError)
        True
    """


class HostUnavailable(FastlyComputeError, RuntimeError):
    """A host is needed, but none is available: not here at all, or not yet.

    Not yet means while the app is being imported by the build: that runs once, long before the
    first request, and no host function can answer there. Move the call into the handler.
    """


class HandleClosed(FastlyComputeError, ValueError):
    """Your own code closed this handle, or gave it away, before it used it again.

    The host is not involved: what it would have answered to the call is not known.
    """


class HostError(FastlyComputeError):
    """The host refused a call.

    Attributes:
        operation: What was tried, as the WIT names it, such as ``backend.open``.
        subject: The name it was tried on, such as the backend's, or None.
        case: The case of the WIT's error, such as ``generic-error``.
    """

    explanation: ClassVar[str] = ""
    """An explanation of the case, and what to do; empty for the case's own sentence."""

    def __init__(self, operation: str, *, case: str, subject: str | None = None) -> None:
        on = "" if subject is None else f" on {subject!r}"
        why = self.explanation or EXPLANATIONS.get(case, case)
        super().__init__(f"{operation}{on} failed: {why} ({case})")
        self.operation = operation
        self.subject = subject
        self.case = case

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the facts: the message alone would not carry them."""
        return (_rebuild, (type(self), self.operation, self.case, self.subject))


def _rebuild(kind: type[HostError], operation: str, case: str, subject: str | None) -> HostError:
    return kind(operation, case=case, subject=subject)


class InvalidArgument(HostError, ValueError):
    """The host found a value it was given malformed or out of range."""


class AuxiliaryError(HostError):
    """Something the call depends on is in the wrong state, such as a closed peer."""


class BufferTooSmall(HostError):
    """The answer did not fit the largest buffer that was offered."""


class Unsupported(HostError, NotImplementedError):
    """This host, or this service's configuration, does not offer the function."""


class HttpInvalid(HostError):
    """The peer's HTTP message was malformed."""


class HttpUser(HostError):
    """The HTTP message that was to be sent is not valid."""


class HttpIncomplete(HostError, EOFError):
    """The peer closed the connection before its HTTP message was complete."""


class CannotRead(HostError):
    """The value cannot be read in the present state."""


class HttpHeadTooLarge(HostError):
    """The status line and headers of the HTTP message exceed the host's limit."""


class HttpInvalidStatus(HostError):
    """The peer's HTTP status is not a status."""


class LimitExceeded(HostError):
    """A limit of the platform was reached."""


class InvalidSyntax(HostError, ValueError):
    """The name is not one that this kind of resource can have."""


class NameTooLong(HostError, ValueError):
    """The name is longer than the platform allows."""


class NameReserved(HostError, ValueError):
    """The platform keeps the name for itself."""


class NotFound(HostError, LookupError):
    """Nothing of that name exists, or it is not linked to this version of the service."""


EXPLANATIONS: Mapping[str, str] = {
    "generic-error": "the host gave no reason",
    "invalid-argument": "the host refused a value as malformed or out of range",
    "auxiliary-error": "something the call depends on is in the wrong state",
    "buffer-len": "the answer is larger than the buffer",
    "unsupported": "this host or this service does not offer it",
    "http-invalid": "the peer's HTTP message is malformed",
    "http-user": "the HTTP message to be sent is not valid",
    "http-incomplete": "the peer closed the connection too early",
    "cannot-read": "it cannot be read in the present state",
    "http-head-too-large": "the status line and headers are too large",
    "http-invalid-status": "the peer's HTTP status is not a status",
    "limit-exceeded": "a limit of the platform was reached",
    "invalid-syntax": "the name is malformed",
    "name-too-long": "the name is too long",
    "reserved": "the name is reserved by the platform",
    "not-found": "it does not exist, or is not linked to this version of the service",
}
"""A sentence for each case of the WIT's ``types.error`` and ``types.open-error``."""

CLASSES: Mapping[str, type[HostError]] = {
    "generic-error": HostError,
    "invalid-argument": InvalidArgument,
    "auxiliary-error": AuxiliaryError,
    "buffer-len": BufferTooSmall,
    "unsupported": Unsupported,
    "http-invalid": HttpInvalid,
    "http-user": HttpUser,
    "http-incomplete": HttpIncomplete,
    "cannot-read": CannotRead,
    "http-head-too-large": HttpHeadTooLarge,
    "http-invalid-status": HttpInvalidStatus,
    "limit-exceeded": LimitExceeded,
    "invalid-syntax": InvalidSyntax,
    "name-too-long": NameTooLong,
    "reserved": NameReserved,
    "not-found": NotFound,
}
"""The exception for each case of the WIT's ``types.error`` and ``types.open-error``."""

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def case_of(value: object) -> str:
    """Name the WIT case that a value of the bindings stands for.

    Args:
        value: A member of a generated enum (``OpenError.NOT_FOUND``) or an instance of a variant's
            generated dataclass (``Error_BufferLen(value=3)``).

    Returns:
        The case as the WIT spells it, such as ``not-found`` or ``buffer-len``.
    """
    if isinstance(value, Enum):
        return value.name.lower().replace("_", "-")
    variant_and_case = type(value).__name__.rstrip("_")
    case = variant_and_case.rpartition("_")[2]
    return _CAPITAL.sub("-", case).lower()


def host_error(
    value: object,
    operation: str,
    *,
    subject: str | None = None,
    classes: Mapping[str, type[HostError]] = CLASSES,
) -> HostError:
    """Make the exception for a WIT error.

    Args:
        value: What ``bindings.Err`` carried.
        operation: What was tried, as the WIT names it.
        subject: The name it was tried on.
        classes: A package's own exceptions by case; a case that it lacks is taken from this
            module's table.

    Returns:
        The exception, to be raised ``from None``: the caught one says nothing more.
    """
    case = case_of(value)
    kind = classes.get(case) or CLASSES.get(case, HostError)
    return kind(operation, case=case, subject=subject)
