"""`fastly:compute/http-req`: requests, and sending them to a backend."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Literal, Self, cast
from urllib.parse import urlsplit

from componentize_py_types import Err
from wit_world.imports.http_req import (
    CacheOverride,
    CacheOverride_None_,
    CacheOverride_Override,
    CacheOverride_Pass,
)
from wit_world.imports.http_types import ContentEncodings, FramingHeadersMode, HttpVersion
from wit_world.imports.types import (
    Error_GenericError,
    Error_InvalidArgument,
)

from fastly_compute.local.interfaces.backend import Backend
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.fields import Message
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_resp import Response, received
from fastly_compute.local.interfaces.pending_response import PendingResponse, answered
from fastly_compute.local.interfaces.send_errors import refused
from fastly_compute.local.interfaces.upload import Upload
from fastly_compute.local.readthrough.cache_rules import CacheRules
from fastly_compute.local.readthrough.origin_exchange import OriginExchange
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.server.handoff import Handoff
from fastly_compute.local.token import TOKEN
from fastly_compute.local.transport import OriginRequest

_BODILESS = {"GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT"}
"""Methods that send no Content-Length without a body (RFC 9110, 8.6)."""

_PROTECTED = frozenset(
    {
        "cdn-loop",
        "connection",
        "content-length",
        "content-range",
        "expect",
        "fastly-ff",
        "host",
        "proxy-authenticate",
        "proxy-authorization",
        "pushpin-route",
        "sec-websocket-key",
        "sec-websocket-version",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that a handoff takes from the client's request, overriding the guest's."""

_VERSIONS = {
    "HTTP/1.0": HttpVersion.HTTP10,
    "HTTP/1.1": HttpVersion.HTTP11,
    "HTTP/2": HttpVersion.H2,
}


class Request(Message):
    """A request: the client's, or one that the guest makes."""

    def __init__(self) -> None:
        super().__init__()
        self.method = "GET"
        self.uri = "/"
        self.decompress = False
        self.exchange: Exchange | None = None
        self.rules = CacheRules()

    @classmethod
    def of(cls, exchange: Exchange) -> "Request":
        """Make a request from the client's."""
        incoming = exchange.incoming
        request = cls()
        request.exchange = exchange
        request.method = incoming.method
        request.uri = incoming.uri
        request.fields = list(incoming.headers)
        request.version = _VERSIONS[incoming.version]
        return request

    @classmethod
    def new(cls) -> "Request":
        """Make a GET request for ``/``."""
        return cls()

    def copied(self, *, method: str | None = None, fields: RawHeaders | None = None) -> "Request":
        """Make a request like this one.

        Args:
            method: Its method, by default the same.
            fields: Its header fields, by default the same.
        """
        copy = Request()
        copy.method = self.method if method is None else method
        copy.uri, copy.version = self.uri, self.version
        copy.fields = list(self.fields if fields is None else fields)
        return copy

    def set_cache_override(self, cache_override: CacheOverride) -> None:
        """Set how the cache treats the response."""
        match cache_override:
            case CacheOverride_None_():
                self.rules = CacheRules()
            case CacheOverride_Pass():
                self.rules = CacheRules(pass_through=True)
            case CacheOverride_Override(details):
                extra = cast("ExtraCacheOverrideDetails | None", details.extra)
                self.rules = CacheRules(
                    lookup_timeout=None if extra is None else extra.lookup_timeout,
                    ttl=details.ttl,
                    stale_while_revalidate=details.stale_while_revalidate,
                    pci=details.pci,
                    surrogate_key=details.surrogate_key,
                )

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
        """Set whether to decompress gzip responses; no other encoding is supported."""
        if encodings & ~ContentEncodings.GZIP:
            raise Err(Error_InvalidArgument())
        self.decompress = bool(encodings)

    def set_framing_headers_mode(self, mode: FramingHeadersMode) -> None:
        """Set who writes Content-Length and Transfer-Encoding."""
        self.manual_framing = mode is FramingHeadersMode.MANUALLY_FROM_HEADERS

    def target(self) -> tuple[str, str]:
        """Return the authority, which may be empty, and the path with the query to request."""
        try:
            parts = urlsplit(self.uri)
        except ValueError as error:
            raise refused("http-request-uri-invalid") from error
        if parts.scheme and parts.scheme not in {"http", "https"}:
            raise refused("http-request-uri-invalid")
        path = parts.path or "/"
        if not path.startswith("/"):
            raise refused("http-request-uri-invalid")
        return parts.netloc, f"{path}?{parts.query}" if parts.query else path

    def redirect_to_grip_proxy(self, backend: Backend) -> None:
        """Hand the client's request off to Fanout, with *backend* as the one it calls."""
        self._handoff("grip", backend)

    def redirect_to_websocket_proxy(self, backend: Backend) -> None:
        """Hand the client's request off to *backend*, as a WebSocket."""
        self._handoff("websocket", backend)

    def _handoff(self, kind: Literal["grip", "websocket"], backend: Backend) -> None:
        exchange = running().exchange
        if exchange.started:
            raise Err(Error_GenericError())
        try:
            authority, path = self.target()
        except Err as err:
            raise Err(Error_GenericError()) from err
        original = [item for item in exchange.incoming.headers if item[0].lower() in _PROTECTED]
        own = [item for item in self.fields if item[0].lower() not in _PROTECTED]
        asked = OriginRequest(
            method=self.method,
            path_and_query=path,
            authority=authority or None,
            headers=original + own,
        )
        exchange.handoff(
            Handoff(
                kind=kind,
                backend=backend.name,
                config=backend.config,
                request=asked,
                body=exchange.incoming.body,
            )
        )


def _asked(request: Request, length: int | None) -> OriginRequest:
    if request.version not in {HttpVersion.HTTP10, HttpVersion.HTTP11}:
        # A client that uses HTTP/2 must not choose the version towards the origin.
        raise refused("http-protocol-error")
    authority, path = request.target()
    fields = request.framed(length)
    if length == 0 and request.method in _BODILESS and not request.manual_framing:
        fields = request.end_to_end()
    return OriginRequest(
        method=request.method,
        path_and_query=path,
        authority=authority or None,
        headers=fields,
    )


def to_origin(request: Request, body: Body) -> OriginRequest:
    """Take a request and its body from the guest, to be sent."""
    request.take("was already sent")
    body.take("was already sent")
    if body.out is not None:
        raise Trap("http-req.send: the body is already streaming and cannot be sent")
    length = body.length
    asked = _asked(request, length)
    return asked if length == 0 else replace(asked, body=body.chunks())


def _begin(
    request: Request, body: Body, backend: Backend, *, uncached: bool, upload: Upload | None = None
) -> OriginExchange:
    if upload is None:
        asked, sent = to_origin(request, body), body
    else:
        asked, sent = _streamed(request, body, upload)
    rules = replace(request.rules, pass_through=uncached or request.rules.pass_through)
    return running().host.send(backend.name, backend.config, asked, rules, over=sent.close_sources)


def _streamed(request: Request, body: Body, upload: Upload) -> tuple[OriginRequest, Body]:
    request.take("was already sent")
    if body.out is not None:
        raise Trap("http-req.send-async-streaming: the body is already streaming")
    asked = _asked(request, None)
    before = Body()
    before.absorb(body)
    body.stream_to(upload)

    def parts() -> Iterator[bytes]:
        yield from before.chunks()
        yield from upload.parts()

    return replace(asked, body=parts()), before


def _send(
    request: Request, body: Body, backend: Backend, *, uncached: bool
) -> tuple[Response, Body]:
    if running().deadline is None:
        exchange = _begin(request, body, backend, uncached=uncached)
        return received(answered(backend.name, exchange.response), decompress=request.decompress)
    # On a separate thread: only this kind of wait ends with the guest's time limit.
    return await_response(_pending(request, body, backend, uncached=uncached))


def send(request: Request, body: Body, backend: Backend) -> tuple[Response, Body]:
    """Send a request and wait for the head of its response."""
    return _send(request, body, backend, uncached=False)


def send_uncached(request: Request, body: Body, backend: Backend) -> tuple[Response, Body]:
    """Send a request past the cache and wait for the head of the response."""
    return _send(request, body, backend, uncached=True)


def _pending(
    request: Request, body: Body, backend: Backend, *, uncached: bool, upload: Upload | None = None
) -> PendingResponse:
    try:
        exchange = _begin(request, body, backend, uncached=uncached, upload=upload)
        answer = running().background(exchange.response)
    except Err as err:
        # As on the platform: an invalid request is reported when the response is awaited.
        answer = Future()
        answer.set_exception(err)
    return PendingResponse(backend.name, answer, decompress=request.decompress)


def send_async(request: Request, body: Body, backend: Backend) -> PendingResponse:
    """Send a request without waiting."""
    return _pending(request, body, backend, uncached=False)


def send_async_uncached(request: Request, body: Body, backend: Backend) -> PendingResponse:
    """Send a request past the cache without waiting."""
    return _pending(request, body, backend, uncached=True)


def _send_streaming(
    request: Request, body: Body, backend: Backend, *, uncached: bool
) -> PendingResponse:
    sandbox, upload = running(), Upload()
    pending = _pending(request, body, backend, uncached=uncached, upload=upload)
    sandbox.hold(upload, upload.abort)

    def stop(_answer: object) -> None:
        sandbox.let_go(upload)
        upload.stop()

    pending.when_settled(stop)
    return pending


def send_async_streaming(request: Request, body: Body, backend: Backend) -> PendingResponse:
    """Start sending a request; the guest then writes the rest of *body*."""
    return _send_streaming(request, body, backend, uncached=False)


def send_async_uncached_streaming(
    request: Request, body: Body, backend: Backend
) -> PendingResponse:
    """Start sending a request past the cache; the guest then writes the rest of *body*."""
    return _send_streaming(request, body, backend, uncached=True)


def await_response(pending: PendingResponse) -> tuple[Response, Body]:
    """Wait for the head of a response."""
    if not isinstance(pending, PendingResponse):
        raise Trap("http-req.await-response was given something other than a pending response")
    return received(pending.result(), decompress=pending.decompress)


def upgrade_websocket(backend: Backend) -> None:
    """Refuse, as Viceroy does; `request.redirect-to-websocket-proxy` replaces it."""
    raise Err(Error_GenericError())


def close(request: Request) -> None:
    """Close a request."""
    request.take("is closed")


class ExtraCacheOverrideDetails(Resource):
    """Further caching options."""

    def __init__(self) -> None:
        self.lookup_timeout: float | None = None

    @classmethod
    def new(cls) -> Self:
        """Start without options."""
        return cls()

    def set_lookup_timeout(self, timeout_ms: int) -> None:
        """Limit the wait for another request's response."""
        self.lookup_timeout = timeout_ms / 1000
