"""`fastly:compute/http-req`: requests, and sending them to a backend."""

from typing import Self
from urllib.parse import urlsplit

from componentize_py_types import Err
from wit_world.imports.http_req import (
    CacheOverride,
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
from wit_world.imports.http_types import ContentEncodings, FramingHeadersMode, HttpVersion
from wit_world.imports.types import (
    Error,
    Error_GenericError,
    Error_HttpHeadTooLarge,
    Error_HttpIncomplete,
    Error_HttpInvalid,
    Error_HttpUser,
    Error_InvalidArgument,
)

from fastly_compute.local.downstream import ClientGone, Incoming
from fastly_compute.local.interfaces.backend import Backend
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.fields import TOKEN, Message
from fastly_compute.local.interfaces.gunzip import Gunzipped
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_resp import Response
from fastly_compute.local.origin import BodyFailure, OriginRequest, OriginResponse, SendFailure
from fastly_compute.local.resource import Resource
from fastly_compute.local.sandbox import running
from fastly_compute.local.trap import Trap

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
    # A stream that is reset for an internal error (RFC 9113, sections 6.4 and 7).
    "h2-error": SendErrorDetail_H2Error(H2ErrorDetail(3, 2)),
}

SEND_ERROR_DETAILS = frozenset({*_DETAILS, "dns-error", "tls-alert-received"})
"""The cases of `send-error-detail` that a `SendFailure` can name: all but `extra`."""

_BODILESS = {"GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT"}
"""Methods whose requests carry no Content-Length when there is no body (RFC 9110, 8.6)."""

_VERSIONS = {
    "HTTP/1.0": HttpVersion.HTTP10,
    "HTTP/1.1": HttpVersion.HTTP11,
    "HTTP/2": HttpVersion.H2,
}

_ERRORS: dict[str, Error] = {
    "generic-error": Error_GenericError(),
    "http-incomplete": Error_HttpIncomplete(),
    "http-invalid": Error_HttpInvalid(),
    "http-head-too-large": Error_HttpHeadTooLarge(),
    "http-user": Error_HttpUser(),
}


def _detail(failure: SendFailure) -> SendErrorDetail:
    if failure.detail == "dns-error":
        return SendErrorDetail_DnsError(DnsErrorDetail(failure.rcode, failure.info_code))
    if failure.detail == "tls-alert-received":
        return SendErrorDetail_TlsAlertReceived(TlsAlertReceivedDetail(failure.alert_id))
    return _DETAILS[failure.detail]


class Request(Message):
    """A request: the client's, or one that the guest makes."""

    def __init__(self) -> None:
        super().__init__()
        self.method = "GET"
        self.uri = "/"
        self.decompress = False
        self.from_client = False

    @classmethod
    def of(cls, incoming: Incoming) -> "Request":
        """Make the client's request."""
        request = cls()
        request.from_client = True
        request.method = incoming.method
        request.uri = incoming.uri
        request.fields = list(incoming.headers)
        request.version = _VERSIONS[incoming.version]
        return request

    @classmethod
    def new(cls) -> "Request":
        """Make a GET of ``/``."""
        return cls()

    def set_cache_override(self, cache_override: CacheOverride) -> None:
        """Take the caching policy, which has no effect while this host has no cache."""

    def get_method(self, max_len: int) -> str:
        """Return the method."""
        return fit(self.method, max_len)

    def set_method(self, method: str) -> None:
        """Set the method."""
        if not TOKEN.fullmatch(method):
            raise Err(Error_GenericError())
        self.method = method

    def get_uri(self, max_len: int) -> str:
        """Return the URI."""
        return fit(self.uri, max_len)

    def set_uri(self, uri: str) -> None:
        """Set the URI."""
        if not uri.isascii() or any(character <= " " or character == "\x7f" for character in uri):
            raise Err(Error_GenericError())
        self.uri = uri

    def set_auto_decompress_response(self, encodings: ContentEncodings) -> None:
        """Have gzip taken off the response; no other encoding can be."""
        if encodings & ~ContentEncodings.GZIP:
            raise Err(Error_InvalidArgument())
        self.decompress = bool(encodings)

    def set_framing_headers_mode(self, mode: FramingHeadersMode) -> None:
        """Choose who writes Content-Length and Transfer-Encoding."""
        self.manual_framing = mode is FramingHeadersMode.MANUALLY_FROM_HEADERS

    def target(self) -> tuple[str, str]:
        """The authority, which may be empty, and the path and query to ask an origin for."""
        parts = urlsplit(self.uri)
        if parts.scheme and parts.scheme not in {"http", "https"}:
            raise _failure("http-request-uri-invalid", Error_HttpUser())
        path = parts.path or "/"
        if not path.startswith("/"):
            raise _failure("http-request-uri-invalid", Error_HttpUser())
        return parts.netloc, f"{path}?{parts.query}" if parts.query else path


def _failure(detail: str, error: Error) -> Err[ErrorWithDetail]:
    return Err(ErrorWithDetail(_DETAILS[detail], error))


def _received(answer: OriginResponse, *, decompress: bool) -> tuple[Response, Body]:
    response = Response(answer.status)
    response.came_from(answer.remote_addr)
    response.fields = list(answer.headers)
    response.version = _VERSIONS[answer.http_version]
    length = response.value("content-length")
    encoding = response.value("content-encoding")
    if decompress and encoding is not None and encoding.lower() in {b"gzip", b"x-gzip"}:
        response.forget("content-encoding", "content-length")
        return response, Body(Gunzipped(answer.body))
    known = int(length) if length is not None and length.isdigit() else None
    return response, Body(answer.body, content_length=known)


def send(request: Request, body: Body, backend: Backend) -> tuple[Response, Body]:
    """Send a request and wait for the head of its response."""
    request.take("was already sent")
    body.take("was already sent")
    if body.out is not None:
        raise Trap("http-req.send: the body is streaming to the client and cannot be sent")
    if request.version not in {HttpVersion.HTTP10, HttpVersion.HTTP11}:
        # A peer that asked over HTTP/2 must not choose the version towards the origin.
        raise _failure("http-protocol-error", Error_HttpUser())
    authority, path = request.target()
    length = body.length
    fields = request.framed(length)
    if length == 0 and request.method in _BODILESS and not request.manual_framing:
        fields = request.end_to_end()
    asked = OriginRequest(
        method=request.method,
        path_and_query=path,
        authority=authority or None,
        headers=fields,
        body=body.chunks() if length != 0 else b"",
    )
    try:
        answer = running().host.send(backend.name, backend.config, asked)
    except SendFailure as failure:
        running().host.log(f"backend {backend.name!r}: {failure.message}")
        raise Err(ErrorWithDetail(_detail(failure), _ERRORS[failure.error])) from failure
    except (ClientGone, BodyFailure) as failure:
        # What was to be sent on broke off; the origin is not to blame.
        running().host.log(f"the body for backend {backend.name!r} breaks off: {failure}")
        raise Err(ErrorWithDetail(None, Error_HttpIncomplete())) from failure
    finally:
        body.close_sources()
    return _received(answer, decompress=request.decompress)


def send_uncached(request: Request, body: Body, backend: Backend) -> tuple[Response, Body]:
    """Send past the cache; this host has none."""
    return send(request, body, backend)


def close(request: Request) -> None:
    """Let go of a request."""
    request.take("is closed")


class ExtraCacheOverrideDetails(Resource):
    """More of a caching policy, which has no effect while this host has no cache."""

    @classmethod
    def new(cls) -> Self:
        """Begin with nothing."""
        return cls()

    def set_lookup_timeout(self, timeout_ms: int) -> None:
        """Limit the wait for another request's answer."""
