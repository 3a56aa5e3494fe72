"""The exceptions of the runtime, and which WIT error maps to which.

::

    ComputeRuntimeError
      └ RuntimeCallFailed (HostError)         the host refused a call
          └ RuntimeUnsupported (Unsupported)
"""

from collections.abc import Mapping

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class ComputeRuntimeError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute import runtime
        >>> def has_image_optimizer() -> bool:
        ...     try:
        ...         return runtime.products().image_optimizer
        ...     except runtime.ComputeRuntimeError:
        ...         return False
    """


class RuntimeCallFailed(ComputeRuntimeError, HostError):
    """The host refused a call. Only `products` can fail that way."""


class RuntimeUnsupported(RuntimeCallFailed, Unsupported):
    """This host does not offer the function."""


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, RuntimeCallFailed),
    "unsupported": RuntimeUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""


def runtime_error(value: object, operation: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.

    Returns:
        The exception.
    """
    return host_error(value, operation, classes=CLASSES)
