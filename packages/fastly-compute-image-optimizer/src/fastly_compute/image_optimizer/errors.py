"""The exceptions of the Image Optimizer, and which WIT error maps to which.

::

    ImageOptimizerError
      ├ InvalidImageOption (ValueError)             refused before the host is called
      └ ImageOptimizerCallFailed (HostError)        the host refused the call
          └ ImageOptimizerUnsupported (Unsupported)
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import FastlyComputeError, HostError, Unsupported, errors, host_error


class ImageOptimizerError(FastlyComputeError):
    """Base class of this package's exceptions; `HostUnavailable` does not derive from it.

    Example:
        >>> from fastly_compute.image_optimizer import ImageOptimizerError, Percent
        >>> try:
        ...     Percent(-1)
        ... except ImageOptimizerError as error:
        ...     print(error)
        Percent: must be from 0 to 1000000, not -1
    """


class InvalidImageOption(ImageOptimizerError, ValueError):
    """An option is invalid; the host was not called.

    Attributes:
        option: The option's name, such as ``width``, or of a class's attribute, such as
            ``Sharpen.radius``.
    """

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(option, rule)
        self.option = option

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


class ImageOptimizerCallFailed(ImageOptimizerError, HostError):
    """The host refused the call, or got no response."""


class ImageOptimizerUnsupported(ImageOptimizerCallFailed, Unsupported):
    """This host or this service has no Image Optimizer.

    Only Fastly's platform has one, on services with that product.
    """

    explanation: ClassVar[str] = (
        "only Fastly's platform has an Image Optimizer, on services with that product"
    )


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, ImageOptimizerCallFailed),
    "unsupported": ImageOptimizerUnsupported,
}
"""The exception for each case of the WIT's ``types.error``."""


def image_optimizer_error(value: object, operation: str, *, subject: str) -> HostError:
    """Map a WIT error to this package's exception.

    Args:
        value: The value that ``bindings.Err`` carries.
        operation: The WIT function that failed.
        subject: The name of the backend.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)
