"""The exceptions of shielding, and which WIT error maps to which.

::

    ShieldingError
      ├ InvalidShieldName (ValueError)        refused before the host is called
      ├ InvalidShieldOption (ValueError)      refused before the host is called
      ├ ShieldHasNoBackend                    the app runs on the shield itself
      └ ShieldingCallFailed (HostError)       the host refused a call
          ├ ShieldNotFound (LookupError)
          ├ ShieldBackendInUse
          └ ShieldingUnsupported (Unsupported)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class ShieldingError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.shielding import Shield, ShieldingError
        >>> try:
        ...     Shield.find("Portland, Oregon")
        ... except ShieldingError as error:
        ...     print(type(error).__name__)
        InvalidShieldName
    """


class InvalidShieldName(ShieldingError, ValueError):
    """A shield's name is invalid; the host was not called.

    Attributes:
        name: The name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        shown = repr(self.name) if len(self.name) <= 300 else f"{len(self.name)} characters"
        return f"a shield's name has 1 to 255 printable ASCII characters, no spaces, not {shown}"


class InvalidShieldOption(ShieldingError, ValueError):
    """An option of a shield's backend is invalid; the host was not called.

    Attributes:
        option: The option's name.
    """

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(option, rule)
        self.option = option

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


class ShieldHasNoBackend(ShieldingError):
    """The app runs on the shield, which no backend leads to: send the request to the origin.

    Attributes:
        name: The shield's name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return (
            f"no backend leads to shield {self.name!r}, since the app runs on it: "
            "if shield.running_on, send the request to the origin"
        )


class ShieldingCallFailed(ShieldingError, HostError):
    """The host refused a call."""


class ShieldNotFound(ShieldingCallFailed, LookupError):
    """No shield has that name."""

    explanation: ClassVar[str] = "no shield has this name"


class ShieldBackendInUse(ShieldingCallFailed):
    """This sandbox has a backend that leads to the shield, with other options."""

    explanation: ClassVar[str] = (
        "this sandbox has a backend that leads to the shield, with other options; use the same "
        "options for all requests"
    )


class ShieldingUnsupported(ShieldingCallFailed, Unsupported):
    """This host, or this service, has no shielding."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, ShieldingCallFailed),
    "unsupported": ShieldingUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""

FINDING: Mapping[str, type[HostError]] = {**CLASSES, "invalid-argument": ShieldNotFound}
"""The same, for a shield that is looked up by name."""


def shielding_error(
    value: object,
    operation: str,
    *,
    subject: str,
    classes: Mapping[str, type[HostError]] = CLASSES,
) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The shield's name.
        classes: The exception for each case.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=classes)
