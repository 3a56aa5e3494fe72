"""What goes wrong with HTTP messages, and which WIT error is which exception.

::

    HttpError
      ├ InvalidHeader, InvalidMethod,
      │ InvalidStatus, InvalidUrl (ValueError)      refused here, before the host is called
      ├ HttpCallFailed (HostError)                  the host refused a call
      │   ├ BodyError (OSError)                     reading or writing a body failed
      │   │   ├ BodyIncomplete (EOFError)
      │   │   └ BodyWriteStalled
      │   └ SendError (OSError)                     no response to a request: see send_errors
      ├ BodyNotRead                                 trailers come behind the body
      ├ BodyTooLarge, InvalidForm (ValueError)      the client's body is not what the app takes
      └ WaitTimeout (TimeoutError)                  what was waited for has not come yet
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import (
    FastlyComputeError,
    HostError,
    HttpIncomplete,
    Unsupported,
    errors,
    host_error,
)


class HttpError(FastlyComputeError):
    r"""Anything that goes wrong in this package derives from this.

    Not so `HostUnavailable` and `HandleClosed`, which are `fastly_compute.core`'s.

    Example:
        >>> from fastly_compute.http import Headers, HttpError
        >>> try:
        ...     Headers({"x-note": "two\nlines"})
        ... except HttpError as error:
        ...     print(type(error).__name__)
        InvalidHeader
    """


class InvalidHeader(HttpError, ValueError):
    """A header's name or value is not one that HTTP can carry (RFC 9110, section 5).

    Attributes:
        name: The header's name.
        rule: The rule that it breaks.
    """

    def __init__(self, name: str, shown: str, rule: str) -> None:
        super().__init__(name, shown, rule)
        self.name = name
        self.rule = rule

    def __str__(self) -> str:
        name, shown, rule = self.args
        return f"header {name!r} cannot be {shown}: {rule}"


class InvalidMethod(HttpError, ValueError):
    """A request's method is not one that HTTP can carry (RFC 9110, section 9.1)."""


class InvalidStatus(HttpError, ValueError):
    """A response's status is not a status, or not a final one where that is needed."""


class InvalidUrl(HttpError, ValueError):
    """A URL is not one that a request can be sent to."""


class BodyTooLarge(HttpError, ValueError):
    """A body has more bytes than the app takes."""


class InvalidForm(HttpError, ValueError):
    """A body that is to be read as a form is none."""


class BodyNotRead(HttpError):
    """What comes behind a body was asked for before the body was read."""


class WaitTimeout(HttpError, TimeoutError):
    """What was waited for has not come in the time given; it may come yet."""


class HttpCallFailed(HttpError, HostError):
    """The host refused a call."""


class HttpUnsupported(HttpCallFailed, Unsupported):
    """This host does not offer the function."""


class BodyError(HttpCallFailed, OSError):
    """Reading or writing a body failed half-way: what was got or sent of it is not the whole."""

    explanation: ClassVar[str] = "the transfer of the body broke off, or timed out"


class BodyIncomplete(BodyError, HttpIncomplete):
    """The peer closed the connection before the end of the body that it had announced."""

    explanation: ClassVar[str] = "the peer closed the connection before the end of the body"


class BodyWriteStalled(BodyError):
    """The host took none of the bytes it was to write."""

    explanation: ClassVar[str] = "the host took none of the bytes"


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, HttpCallFailed),
    "unsupported": HttpUnsupported,
}
"""The exception for each case of the WIT's ``error`` where the call is about a head."""

BODY_CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, BodyError),
    "http-incomplete": BodyIncomplete,
    "not-available-yet": BodyError,
}
"""The exception for each case of the WIT's ``error`` and ``trailer-error``, for a body."""


def head_error(value: object, operation: str, *, subject: str | None = None) -> HostError:
    """Make the exception for a WIT error of a call about a request or response.

    Args:
        value: What ``bindings.Err`` carried.
        operation: What was tried, as the WIT names it.
        subject: The header or URL it was tried on.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)


def body_error(value: object, operation: str) -> HostError:
    """Make the exception for a WIT error of a call about a body.

    Args:
        value: What ``bindings.Err`` carried.
        operation: What was tried, as the WIT names it.

    Returns:
        The exception.
    """
    return host_error(value, operation, classes=BODY_CLASSES)
