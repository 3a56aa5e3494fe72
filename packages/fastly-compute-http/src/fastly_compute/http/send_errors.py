"""Exceptions for requests that got no response: one for each cause in the WIT.

::

    SendError (OSError)
    ├ DnsError
    │   └ DnsTimeout (TimeoutError)
    ├ DestinationNotFound (LookupError)
    ├ DestinationUnavailable
    ├ DestinationUnroutable
    ├ ConnectionRefused (ConnectionRefusedError)
    ├ ConnectionTerminated (ConnectionResetError)
    ├ ConnectionTimeout (TimeoutError)
    ├ ConnectionLimitReached
    ├ TlsError
    │   └ TlsCertificateError, TlsConfigurationError, TlsAlertReceived, TlsProtocolError
    ├ ResponseIncomplete (EOFError)
    ├ ResponseHeadersTooLarge
    ├ ResponseBodyTooLarge
    ├ ResponseTimeout (TimeoutError)
    ├ ResponseStatusInvalid
    ├ UpgradeFailed
    ├ ProtocolError
    │   └ Http2Error
    ├ RequestInvalid (ValueError)
    │   └ RequestCacheKeyInvalid, RequestUrlInvalid
    ├ RevalidationFailed
    └ InternalError
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from fastly_compute.core import case_of, errors
from fastly_compute.http.errors import HttpCallFailed

if TYPE_CHECKING:
    from fastly_compute.http._wit import Sent


class SendError(HttpCallFailed, OSError):
    """A request got no response.

    If the host reports the cause, the exception is one of the subclasses. Viceroy does not: there,
    every failure except malformed HTTP is this class.

    Attributes:
        method: The request's method.
        url: The request's URL. The message omits its query, which may contain secrets.
        backend: The name of the backend that it was sent to.
        detail: The case of the WIT's ``send-error-detail``, such as ``dns-timeout``, or None if the
            host gives no detail.
        case: The case of the WIT's ``error``, such as ``generic-error``.
        is_retry_safe: Whether the backend cannot have received any of the request, so that a retry
            cannot cause it to be processed twice. It does not say whether a retry will succeed.

    Example:
        >>> from fastly_compute.http import Request, Response, SendError
        >>> def fetch(url: str) -> Response:
        ...     try:
        ...         return Request("POST", url, body=b"{}").send()
        ...     except SendError as error:
        ...         if not error.is_retry_safe:
        ...             raise
        ...         return Request("POST", url, body=b"{}").send("spare")
    """

    explanation: ClassVar[str] = "the host gave no reason"
    is_retry_safe: ClassVar[bool] = False
    _FACTS: ClassVar[Mapping[str, str]] = {}  # fields of the WIT's payload: attributes here

    def __init__(
        self,
        *,
        method: str,
        url: str,
        backend: str,
        case: str,
        detail: str | None = None,
        payload: object = None,
    ) -> None:
        super().__init__("http-req.send", case=case, subject=backend)
        self.method = method
        self.url = url
        self.backend = backend
        self.detail = detail
        known = []
        for field, attribute in self._FACTS.items():
            fact = getattr(payload, field, None)
            setattr(self, attribute, fact)
            if fact is not None:
                known.append(f", {attribute.replace('_', ' ')} {fact}")
        where = url.partition("?")[0]
        told = f"{self.explanation} ({detail or case}{''.join(known)})"
        self.args = (f"{method} {where} through backend {backend!r} failed: {told}",)

    @classmethod
    def _of(cls, sent: "Sent") -> Self:
        """Make the error for a request that did not get as far as the backend."""
        return cls(method=sent.method, url=sent.url, backend=sent.backend, case="generic-error")

    @property
    def host(self) -> str:
        """The URL's host, with the port if the URL has one."""
        return urlsplit(self.url).netloc

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the attributes."""
        return (_rebuild, (type(self), self.args, dict(vars(self))))


def _rebuild(
    kind: type[SendError], args: tuple[object, ...], facts: dict[str, object]
) -> SendError:
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(facts)
    return error


class DnsError(SendError):
    """The backend's name could not be resolved.

    Attributes:
        rcode: The DNS response code (RFC 1035, section 4.1.1), if known.
        info_code: The extended DNS error (RFC 8914), if known.
    """

    explanation = "the backend's name could not be resolved"
    is_retry_safe = True
    _FACTS: ClassVar[Mapping[str, str]] = {"rcode": "rcode", "info_code": "info_code"}

    rcode: int | None
    info_code: int | None


class DnsTimeout(DnsError, TimeoutError):
    """The backend's name was not resolved in time."""

    explanation = "the backend's name was not resolved in time"


class DestinationNotFound(SendError, LookupError):
    """The backend does not exist."""

    explanation = "the backend does not exist in this version of the service"
    is_retry_safe = True


class DestinationUnavailable(SendError):
    """The host considers the backend down, for example because its health check fails."""

    explanation = "the host considers the backend down"
    is_retry_safe = True


class DestinationUnroutable(SendError):
    """The backend's address is not routable."""

    explanation = "no route to the backend's address"
    is_retry_safe = True


class ConnectionRefused(SendError, ConnectionRefusedError):
    """The backend refused the connection."""

    explanation = "the backend refused the connection"
    is_retry_safe = True


class ConnectionTerminated(SendError, ConnectionResetError):
    """The connection was closed before a response; the request may have been processed."""

    explanation = "the connection was closed before a response arrived"


class ConnectionTimeout(SendError, TimeoutError):
    """The backend did not accept the connection in time."""

    explanation = "the backend did not accept the connection in time"
    is_retry_safe = True


class ConnectionLimitReached(SendError):
    """The backend's configuration allows no more connections to it."""

    explanation = "the backend's limit of open connections was reached"
    is_retry_safe = True


class TlsError(SendError):
    """A secure connection to the backend failed."""

    explanation = "the secure connection to the backend failed"


class TlsCertificateError(TlsError):
    """The backend's certificate was not accepted.

    It is checked before any of the request is sent.
    """

    explanation = "the backend's certificate was not accepted"
    is_retry_safe = True


class TlsConfigurationError(TlsError):
    """The backend's TLS configuration cannot work, for example because no cipher suite matches."""

    explanation = "the backend's TLS configuration cannot work"
    is_retry_safe = True


class TlsAlertReceived(TlsError):
    """The backend ended the TLS connection with an alert.

    In TLS 1.3, it can do so after it received the request.

    Attributes:
        alert_id: The alert (RFC 8446, section 6), if the host knows it.
    """

    explanation = "the backend ended the TLS connection with an alert"
    _FACTS: ClassVar[Mapping[str, str]] = {"id": "alert_id"}

    alert_id: int | None


class TlsProtocolError(TlsError):
    """The TLS connection failed."""

    explanation = "the TLS connection failed"


class ResponseIncomplete(SendError, EOFError):
    """The backend closed the connection before its response was complete."""

    explanation = "the backend closed the connection before its response was complete"


class ResponseHeadersTooLarge(SendError):
    """The status line and headers of the response exceed the host's limit."""

    explanation = "the response's status line and headers are too large"


class ResponseBodyTooLarge(SendError):
    """The response's body exceeds the host's limit."""

    explanation = "the response's body is too large"


class ResponseTimeout(SendError, TimeoutError):
    """The backend did not respond in time; the request may have been processed."""

    explanation = "the backend did not respond in time"


class ResponseStatusInvalid(SendError):
    """The response's status is invalid."""

    explanation = "the response's status is invalid"


class UpgradeFailed(SendError):
    """The backend did not switch to the requested protocol."""

    explanation = "the backend did not switch to the requested protocol"


class ProtocolError(SendError):
    """The backend broke the rules of HTTP."""

    explanation = "the backend broke the rules of HTTP"


class Http2Error(ProtocolError):
    """The backend ended the HTTP/2 stream or connection with an error.

    Attributes:
        frame_type: The type of the frame that reported the error (RFC 9113, section 6).
        error_code: The error code (RFC 9113, section 7).
    """

    explanation = "the backend ended the HTTP/2 exchange with an error"
    _FACTS: ClassVar[Mapping[str, str]] = {"frame_type": "frame_type", "error_code": "error_code"}

    frame_type: int
    error_code: int


class RequestInvalid(SendError, ValueError):
    """The host rejected the request as invalid."""

    explanation = "the host rejected the request as invalid"


class RequestCacheKeyInvalid(RequestInvalid):
    """The host rejected the request's cache key as invalid, and did not send the request."""

    explanation = "the host rejected the request's cache key as invalid"
    is_retry_safe = True


class RequestUrlInvalid(RequestInvalid):
    """The host rejected the request's URL as invalid, and did not send the request."""

    explanation = "the host rejected the request's URL as invalid"
    is_retry_safe = True


class RevalidationFailed(SendError):
    """The request of another sandbox, which this one waited for, got no response.

    It is never raised: `Response.masked_error` has it if a stale response was served.
    """

    explanation = "another request that was to revalidate the response failed"


class InternalError(SendError):
    """The host had an internal error."""

    explanation = "the host had an internal error"


DETAILS: Mapping[str, type[SendError]] = {
    "dns-timeout": DnsTimeout,
    "dns-error": DnsError,
    "destination-not-found": DestinationNotFound,
    "destination-unavailable": DestinationUnavailable,
    "destination-ip-unroutable": DestinationUnroutable,
    "connection-refused": ConnectionRefused,
    "connection-terminated": ConnectionTerminated,
    "connection-timeout": ConnectionTimeout,
    "connection-limit-reached": ConnectionLimitReached,
    "tls-certificate-error": TlsCertificateError,
    "tls-configuration-error": TlsConfigurationError,
    "http-incomplete-response": ResponseIncomplete,
    "http-response-header-section-too-large": ResponseHeadersTooLarge,
    "http-response-body-too-large": ResponseBodyTooLarge,
    "http-response-timeout": ResponseTimeout,
    "http-response-status-invalid": ResponseStatusInvalid,
    "http-upgrade-failed": UpgradeFailed,
    "http-protocol-error": ProtocolError,
    "http-request-cache-key-invalid": RequestCacheKeyInvalid,
    "http-request-uri-invalid": RequestUrlInvalid,
    "internal-error": InternalError,
    "tls-alert-received": TlsAlertReceived,
    "tls-protocol-error": TlsProtocolError,
    "h2-error": Http2Error,
    "extra": SendError,
}
"""The exception for each case of the WIT's ``send-error-detail``."""

CASES: Mapping[str, type[SendError]] = {
    **dict.fromkeys(errors.CLASSES, SendError),
    "http-invalid": ProtocolError,
    "http-user": RequestInvalid,
    "http-incomplete": ResponseIncomplete,
    "http-head-too-large": ResponseHeadersTooLarge,
    "http-invalid-status": ResponseStatusInvalid,
}
"""The exception for each case of the WIT's ``error``, if a send fails without a detail."""


def send_error(value: object, *, method: str, url: str, backend: str) -> SendError:
    """Make the exception for the WIT's ``error-with-detail``, or its ``error`` alone.

    Args:
        value: The value of ``bindings.Err``.
        method: The request's method.
        url: The request's URL.
        backend: The backend's name.

    Returns:
        The exception.
    """
    case = case_of(getattr(value, "error", value))
    told = getattr(value, "detail", None)
    detail = None if told is None else case_of(told)
    kind = CASES.get(case, SendError) if detail is None else DETAILS.get(detail, SendError)
    return kind(
        method=method,
        url=url,
        backend=backend,
        case=case,
        detail=detail,
        payload=getattr(told, "value", None),
    )
