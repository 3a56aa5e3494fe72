"""The failures of requests to origins, as the WIT's cases."""

import errno
import re
import socket
import ssl


class SendFailure(Exception):
    """No response was received: `error-with-detail` in the WIT's `http-req`.

    Attributes:
        detail: The case of `send-error-detail`, such as `connection-refused`.
        error: The case of `types.error`, such as `generic-error`.
        message: What was tried and what happened, in words.
        rcode: For `dns-error`, the response code (RFC 1035, section 4.1.1), if known.
        info_code: For `dns-error`, the extended error (RFC 8914), which no resolver call reports.
        alert_id: For `tls-alert-received`, the alert (RFC 8446, section 6), if OpenSSL names it.
    """

    def __init__(
        self,
        detail: str,
        message: str,
        *,
        error: str | None = None,
        rcode: int | None = None,
        alert_id: int | None = None,
    ) -> None:
        super().__init__(message)
        self.detail = detail
        self.message = message
        self.error = error or _ERRORS.get(detail, "generic-error")
        self.rcode = rcode
        self.info_code: int | None = None
        self.alert_id = alert_id

    def __str__(self) -> str:
        return f"{self.message} ({self.detail})"


class BodyFailure(Exception):
    """The body of a response cannot be read to its end.

    Attributes:
        error: The case of `types.error`: `http-incomplete` for a body cut short, `http-invalid`
            for broken framing, `generic-error` for a timeout or a lost connection.
        message: What happened, in words.
    """

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message


# Every detail that is not listed goes with generic-error, as in Viceroy.
_ERRORS = {
    "http-incomplete-response": "http-incomplete",
    "http-protocol-error": "http-invalid",
    "http-request-uri-invalid": "http-user",
    "http-response-header-section-too-large": "http-head-too-large",
    "http-response-status-invalid": "http-invalid-status",
}
_DETAIL_OF_ERRNO = {
    errno.ECONNREFUSED: "connection-refused",
    errno.ETIMEDOUT: "connection-timeout",
    errno.ENETUNREACH: "destination-ip-unroutable",
    errno.ENETDOWN: "destination-ip-unroutable",
    errno.EHOSTUNREACH: "destination-ip-unroutable",
    errno.EADDRNOTAVAIL: "destination-ip-unroutable",
    errno.EAFNOSUPPORT: "destination-ip-unroutable",
    errno.ECONNRESET: "connection-terminated",
    errno.ECONNABORTED: "connection-terminated",
    errno.EPIPE: "connection-terminated",
}
_DETAIL_OF_TLS_REASON = {
    "NO_PROTOCOLS_AVAILABLE": "tls-configuration-error",
    "NO_CIPHERS_AVAILABLE": "tls-configuration-error",
    "UNEXPECTED_EOF_WHILE_READING": "connection-terminated",
}
_NXDOMAIN = 3
# OpenSSL's reasons are the names of alerts from RFC 8446 and older ones, after these prefixes.
_ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(ALERT_)?([A-Z0-9_]+)")
_ALERTS = {
    "UNEXPECTED_MESSAGE": 10,
    "BAD_RECORD_MAC": 20,
    "DECRYPTION_FAILED": 21,
    "RECORD_OVERFLOW": 22,
    "DECOMPRESSION_FAILURE": 30,
    "HANDSHAKE_FAILURE": 40,
    "NO_CERTIFICATE": 41,
    "BAD_CERTIFICATE": 42,
    "UNSUPPORTED_CERTIFICATE": 43,
    "CERTIFICATE_REVOKED": 44,
    "CERTIFICATE_EXPIRED": 45,
    "CERTIFICATE_UNKNOWN": 46,
    "ILLEGAL_PARAMETER": 47,
    "UNKNOWN_CA": 48,
    "ACCESS_DENIED": 49,
    "DECODE_ERROR": 50,
    "DECRYPT_ERROR": 51,
    "EXPORT_RESTRICTION": 60,
    "PROTOCOL_VERSION": 70,
    "INSUFFICIENT_SECURITY": 71,
    "INTERNAL_ERROR": 80,
    "INAPPROPRIATE_FALLBACK": 86,
    "USER_CANCELLED": 90,
    "NO_RENEGOTIATION": 100,
    "MISSING_EXTENSION": 109,
    "UNSUPPORTED_EXTENSION": 110,
    "CERTIFICATE_UNOBTAINABLE": 111,
    "UNRECOGNIZED_NAME": 112,
    "BAD_CERTIFICATE_STATUS_RESPONSE": 113,
    "UNKNOWN_PSK_IDENTITY": 115,
    "CERTIFICATE_REQUIRED": 116,
    "NO_APPLICATION_PROTOCOL": 120,
}


def network_failure(err: OSError, tried: str) -> SendFailure:
    """Make the failure for an error below HTTP.

    Args:
        err: The error of the resolver, the socket or TLS.
        tried: The action that failed, such as `connecting to 127.0.0.1:80`.

    Returns:
        The failure to raise.
    """
    message = f"{tried} failed: {_reason(err)}"
    match err:
        case socket.gaierror():
            rcode = _NXDOMAIN if err.errno == socket.EAI_NONAME else None
            return SendFailure("dns-error", message, rcode=rcode)
        case ssl.SSLCertVerificationError():
            return SendFailure("tls-certificate-error", message)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return SendFailure("connection-terminated", message)
        case ssl.SSLError():
            return _tls_failure(err, message)
        case TimeoutError():
            return SendFailure("connection-timeout", message)
        case _:
            return SendFailure(_DETAIL_OF_ERRNO.get(err.errno or 0, "internal-error"), message)


def _tls_failure(err: ssl.SSLError, message: str) -> SendFailure:
    reason = err.reason or ""
    if reason in _DETAIL_OF_TLS_REASON:
        return SendFailure(_DETAIL_OF_TLS_REASON[reason], message)
    alert = _ALERT.fullmatch(reason)
    if alert and (alert[1] or alert[2] in _ALERTS):
        return SendFailure("tls-alert-received", message, alert_id=_ALERTS.get(alert[2]))
    return SendFailure("tls-protocol-error", message)


def _reason(err: OSError) -> str:
    if isinstance(err, ssl.SSLCertVerificationError) and err.args[1:]:
        return err.verify_message or err.strerror or str(err)
    return err.strerror or str(err) or type(err).__name__
