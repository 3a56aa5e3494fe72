"""The cases of `send-error-detail` and `error` in the WIT for failed sends."""

from componentize_py_types import Err
from wit_world.imports.http_req import (
    DnsErrorDetail,
    ErrorWithDetail,
    H2ErrorDetail,
    SendErrorDetail,
    SendErrorDetail_ConnectionLimitReached,
    SendErrorDetail_ConnectionRefused,
    SendErrorDetail_ConnectionTerminated,
    SendErrorDetail_ConnectionTimeout,
    SendErrorDetail_DestinationIpUnroutable,
    SendErrorDetail_DestinationNotFound,
    SendErrorDetail_DestinationUnavailable,
    SendErrorDetail_DnsError,
    SendErrorDetail_DnsTimeout,
    SendErrorDetail_H2Error,
    SendErrorDetail_HttpIncompleteResponse,
    SendErrorDetail_HttpProtocolError,
    SendErrorDetail_HttpRequestCacheKeyInvalid,
    SendErrorDetail_HttpRequestUriInvalid,
    SendErrorDetail_HttpResponseBodyTooLarge,
    SendErrorDetail_HttpResponseHeaderSectionTooLarge,
    SendErrorDetail_HttpResponseStatusInvalid,
    SendErrorDetail_HttpResponseTimeout,
    SendErrorDetail_HttpUpgradeFailed,
    SendErrorDetail_InternalError,
    SendErrorDetail_TlsAlertReceived,
    SendErrorDetail_TlsCertificateError,
    SendErrorDetail_TlsConfigurationError,
    SendErrorDetail_TlsProtocolError,
    TlsAlertReceivedDetail,
)
from wit_world.imports.types import (
    Error,
    Error_GenericError,
    Error_HttpHeadTooLarge,
    Error_HttpIncomplete,
    Error_HttpInvalid,
    Error_HttpInvalidStatus,
    Error_HttpUser,
)

from fastly_compute.local.transport import SendFailure

_DETAILS: dict[str, SendErrorDetail] = {
    "dns-timeout": SendErrorDetail_DnsTimeout(),
    "destination-not-found": SendErrorDetail_DestinationNotFound(),
    "destination-unavailable": SendErrorDetail_DestinationUnavailable(),
    "destination-ip-unroutable": SendErrorDetail_DestinationIpUnroutable(),
    "connection-refused": SendErrorDetail_ConnectionRefused(),
    "connection-terminated": SendErrorDetail_ConnectionTerminated(),
    "connection-timeout": SendErrorDetail_ConnectionTimeout(),
    "connection-limit-reached": SendErrorDetail_ConnectionLimitReached(),
    "tls-certificate-error": SendErrorDetail_TlsCertificateError(),
    "tls-configuration-error": SendErrorDetail_TlsConfigurationError(),
    "tls-protocol-error": SendErrorDetail_TlsProtocolError(),
    "http-incomplete-response": SendErrorDetail_HttpIncompleteResponse(),
    "http-response-header-section-too-large": SendErrorDetail_HttpResponseHeaderSectionTooLarge(),
    "http-response-body-too-large": SendErrorDetail_HttpResponseBodyTooLarge(),
    "http-response-timeout": SendErrorDetail_HttpResponseTimeout(),
    "http-response-status-invalid": SendErrorDetail_HttpResponseStatusInvalid(),
    "http-upgrade-failed": SendErrorDetail_HttpUpgradeFailed(),
    "http-protocol-error": SendErrorDetail_HttpProtocolError(),
    "http-request-cache-key-invalid": SendErrorDetail_HttpRequestCacheKeyInvalid(),
    "http-request-uri-invalid": SendErrorDetail_HttpRequestUriInvalid(),
    "internal-error": SendErrorDetail_InternalError(),
    # A stream reset because of an internal error (RFC 9113, sections 6.4 and 7).
    "h2-error": SendErrorDetail_H2Error(H2ErrorDetail(3, 2)),
}

SEND_ERROR_DETAILS = frozenset({*_DETAILS, "dns-error", "tls-alert-received"})
"""The cases of `send-error-detail` that a `SendFailure` can name: all except `extra`."""

_ERRORS: dict[str, Error] = {
    "generic-error": Error_GenericError(),
    "http-incomplete": Error_HttpIncomplete(),
    "http-invalid": Error_HttpInvalid(),
    "http-invalid-status": Error_HttpInvalidStatus(),
    "http-head-too-large": Error_HttpHeadTooLarge(),
    "http-user": Error_HttpUser(),
}


def send_error(failure: SendFailure) -> Err[ErrorWithDetail]:
    """Make the guest's error for a failure."""
    return Err(ErrorWithDetail(_detail(failure), _ERRORS[failure.error]))


def refused(detail: str) -> Err[ErrorWithDetail]:
    """Make the guest's error for a request that cannot be sent."""
    return Err(ErrorWithDetail(_DETAILS[detail], Error_HttpUser()))


def _detail(failure: SendFailure) -> SendErrorDetail:
    if failure.detail == "dns-error":
        return SendErrorDetail_DnsError(DnsErrorDetail(failure.rcode, failure.info_code))
    if failure.detail == "tls-alert-received":
        return SendErrorDetail_TlsAlertReceived(TlsAlertReceivedDetail(failure.alert_id))
    return _DETAILS[failure.detail]
