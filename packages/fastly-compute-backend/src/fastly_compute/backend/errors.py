"""Exceptions about backends, and the mapping from WIT errors to them.

::

    BackendError
      ├ InvalidBackendName (ValueError)       refused here, before the host is called
      ├ InvalidBackendOption (ValueError)     likewise: the field, the rule, the value
      ├ BackendOptionTypeError (TypeError)    likewise
      ├ BackendNotAllowed (PermissionError)   likewise: the app's own policy forbids it
      └ BackendCallFailed (HostError)         the host refused a call
          ├ BackendNotFound (NotFound)
          ├ BackendUnsupported (Unsupported)
          │   └ DynamicBackendsDisabled
          ├ BackendConfigRefused (InvalidArgument)
          ├ BackendLimitExceeded (LimitExceeded)
          ├ BackendNameInUse
          └ BackendNameRefused (ValueError)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import (
    FastlyComputeError,
    HostError,
    InvalidArgument,
    LimitExceeded,
    NotFound,
    Unsupported,
    errors,
    host_error,
)


class BackendError(FastlyComputeError):
    """The base class of this package's exceptions.

    It does not cover `HostUnavailable` and `HandleClosed`, which `fastly_compute.core` raises.

    Example:
        >>> from fastly_compute.backend import BackendError, DynamicBackendConfig
        >>> try:
        ...     DynamicBackendConfig(target="http://origin.example/")
        ... except BackendError as error:
        ...     print(type(error).__name__)
        InvalidBackendOption
    """


class InvalidBackendName(BackendError, ValueError):
    """A backend name is invalid; the host was not called.

    Attributes:
        name: The name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        shown = repr(self.name) if len(self.name) <= 300 else f"{len(self.name)} characters"
        return f"a backend's name must be 1 to 254 printable ASCII characters, not {shown}"


class InvalidBackendOption(BackendError, ValueError):
    """An option or a URL is invalid; the host was not called.

    Attributes:
        field: The option.
        rule: What the value must be.
        shown: The value as the message shows it, shortened; empty if it could hold a secret.
    """

    def __init__(self, field: str, rule: str, shown: str = "") -> None:
        super().__init__(field, rule, shown)
        self.field = field
        self.rule = rule
        self.shown = shown

    def __str__(self) -> str:
        tail = f", not {self.shown}" if self.shown else ""
        return f"{self.field} must be {self.rule}{tail}"


class BackendOptionTypeError(BackendError, TypeError):
    """An option is of the wrong type; the host was not called.

    Attributes:
        field: The option.
        rule: What the value must be.
        kind: The name of the value's type.
    """

    def __init__(self, field: str, rule: str, kind: str) -> None:
        super().__init__(field, rule, kind)
        self.field = field
        self.rule = rule
        self.kind = kind

    def __str__(self) -> str:
        return f"{self.field} must be {self.rule}, not {self.kind}"


class BackendNotAllowed(BackendError, PermissionError):
    """The app forbids a dynamic backend for this URL; the host was not called.

    See `enforce_explicit_backends` and `allow_dynamic_backends`.

    Attributes:
        host: The URL's host.
    """

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host

    def __str__(self) -> str:
        return (
            f"no dynamic backend for {self.host!r}: the app does not allow one for this host. Name "
            "a backend, or add the host to allow_dynamic_backends"
        )


class BackendCallFailed(BackendError, HostError):
    """The host refused a call."""


class BackendNotFound(BackendCallFailed, NotFound):
    """No backend has that name."""

    explanation: ClassVar[str] = (
        "the backend does not exist: this version of the service does not have it, and this "
        "sandbox did not register it"
    )


class BackendUnsupported(BackendCallFailed, Unsupported):
    """This host does not support the property or function."""


class DynamicBackendsDisabled(BackendUnsupported):
    """The service may not register dynamic backends."""

    explanation: ClassVar[str] = (
        "dynamic backends are not enabled for this service: have them enabled, or use a static "
        "backend"
    )


class BackendConfigRefused(BackendCallFailed, InvalidArgument):
    """The host rejected the target or an option as malformed, out of range or contradictory."""

    explanation: ClassVar[str] = (
        "the host rejected the target or an option as malformed, out of range or contradictory"
    )


class BackendLimitExceeded(BackendCallFailed, LimitExceeded):
    """The sandbox already has as many backends as the platform allows."""


class BackendNameInUse(BackendCallFailed):
    """Another backend already has the name."""

    explanation: ClassVar[str] = (
        "another backend has this name: choose another name, or use Backend.create_dynamic, which "
        "derives one from the configuration"
    )


class BackendNameRefused(BackendCallFailed, ValueError):
    """The host rejected the name as malformed, too long or reserved."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, BackendCallFailed),
    "invalid-argument": BackendConfigRefused,
    "invalid-syntax": BackendNameRefused,
    "limit-exceeded": BackendLimitExceeded,
    "name-too-long": BackendNameRefused,
    "not-found": BackendNotFound,
    "reserved": BackendNameRefused,
    "unsupported": BackendUnsupported,
}
"""The exception for each case of the WIT's ``types.error`` and ``types.open-error``."""

REGISTRATION: Mapping[str, type[HostError]] = {**CLASSES, "unsupported": DynamicBackendsDisabled}
"""The same, for registering a dynamic backend."""


def backend_error(
    value: object,
    operation: str,
    *,
    subject: str,
    classes: Mapping[str, type[HostError]] = CLASSES,
) -> HostError:
    """Make this package's exception for a WIT error.

    Args:
        value: The value of ``bindings.Err``.
        operation: The WIT name of the failed operation.
        subject: The backend's name.
        classes: The table to use.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=classes)
