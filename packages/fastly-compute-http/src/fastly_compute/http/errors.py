"""Exceptions about HTTP messages, and the mapping from WIT errors to them.

::

    HttpError
      ├ InvalidCookie, InvalidHeader, InvalidMethod,
      │ InvalidStatus, InvalidUrl (ValueError)      refused here, before the host is called
      ├ HttpCallFailed (HostError)                  the host refused a call
      │   ├ HttpUnsupported                         the host does not offer the function
      │   │   └ HttpCacheUnsupported                nor the cache interface that hooks need
      │   ├ BodyError (OSError)                     reading or writing a body failed
      │   │   ├ BodyIncomplete (EOFError)
      │   │   └ BodyWriteStalled
      │   └ SendError (OSError)                     no response to a request: see send_errors
      ├ BodyNotRead                                 trailers follow the body
      ├ BodyTooLarge, InvalidForm (ValueError)      the app does not accept the client's body
      └ WaitTimeout (TimeoutError)                  nothing arrived in time
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
    r"""The base class of this package's exceptions.

    It does not cover `HostUnavailable` and `HandleClosed`, which `fastly_compute.core` raises.

    Example:
        >>> from fastly_compute.http import Headers, HttpError
        >>> try:
        ...     Headers({"x-note": "two\nlines"})
        ... except HttpError as error:
        ...     print(type(error).__name__)
        InvalidHeader
    """


class InvalidHeader(HttpError, ValueError):
    """A header's name or value is invalid in HTTP (RFC 9110, section 5).

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


class InvalidCookie(HttpError, ValueError):
    """A cookie cannot be sent, or browsers would drop it. The value is not shown.

    Attributes:
        name: The cookie's name.
        rule: The rule that it breaks.
    """

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(name, rule)
        self.name = name
        self.rule = rule

    def __str__(self) -> str:
        return f"cookie {self.name!r}: {self.rule}"


class InvalidMethod(HttpError, ValueError):
    """A request's method is invalid in HTTP (RFC 9110, section 9.1)."""


class InvalidStatus(HttpError, ValueError):
    """A response's status is out of range, or is not a final one where one is required."""


class InvalidUrl(HttpError, ValueError):
    """A request cannot be sent to a URL."""


class BodyTooLarge(HttpError, ValueError):
    """A body has more bytes than the app accepts."""


class InvalidForm(HttpError, ValueError):
    """A body to be read as a form is not one."""


class BodyNotRead(HttpError):
    """The trailers of a body were read before the body."""


class WaitTimeout(HttpError, TimeoutError):
    """Nothing arrived before the timeout; it may still arrive."""


class HttpCallFailed(HttpError, HostError):
    """The host refused a call."""


class HttpUnsupported(HttpCallFailed, Unsupported):
    """This host does not offer the function."""


class HttpCacheUnsupported(HttpUnsupported):
    """This host lets no guest use its readthrough cache (the WIT's ``http-cache``)."""

    explanation: ClassVar[str] = (
        "this host does not offer the cache interface that before_send, after_send, key and "
        "stale_if_error in CacheOptions need. Viceroy does not: test with `fastly-compute serve "
        "--runtime native` or `--runtime wasm`"
    )


class BodyError(HttpCallFailed, OSError):
    """Reading or writing a body failed: only a part of it was transferred."""

    explanation: ClassVar[str] = "the transfer of the body was aborted or timed out"


class BodyIncomplete(BodyError, HttpIncomplete):
    """The peer closed the connection before the announced end of the body."""

    explanation: ClassVar[str] = "the peer closed the connection before the end of the body"


class BodyWriteStalled(BodyError):
    """The host took none of the bytes to write."""

    explanation: ClassVar[str] = "the host took none of the bytes"


CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, HttpCallFailed),
    "unsupported": HttpUnsupported,
}
"""The exception for each case of the WIT's ``error``, for calls about a request or response."""

CACHE_CLASSES: Mapping[str, type[HostError]] = {**CLASSES, "unsupported": HttpCacheUnsupported}
"""The exception for each case of the WIT's ``error``, for calls about the readthrough cache."""

BODY_CLASSES: Mapping[str, type[HostError]] = {
    **dict.fromkeys(errors.CLASSES, BodyError),
    "http-incomplete": BodyIncomplete,
    "not-available-yet": BodyError,
}
"""The exception for each case of the WIT's ``error`` and ``trailer-error``, for a body."""


def head_error(value: object, operation: str, *, subject: str | None = None) -> HostError:
    """Make the exception for a WIT error of a call about a request or response.

    Args:
        value: The value of ``bindings.Err``.
        operation: The WIT name of the failed operation.
        subject: The header or URL that it concerned.

    Returns:
        The exception.
    """
    return host_error(value, operation, subject=subject, classes=CLASSES)


def body_error(value: object, operation: str) -> HostError:
    """Make the exception for a WIT error of a call about a body.

    Args:
        value: The value of ``bindings.Err``.
        operation: The WIT name of the failed operation.

    Returns:
        The exception.
    """
    return host_error(value, operation, classes=BODY_CLASSES)
