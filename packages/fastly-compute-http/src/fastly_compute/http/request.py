"""Requests to backends."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastly_compute.backend import Backend, InvalidBackendOption
from fastly_compute.backend.target import parse_url
from fastly_compute.core import TOKEN, drop
from fastly_compute.http import _wit, in_flight, scope
from fastly_compute.http.body import Body, BodyLike
from fastly_compute.http.cache_options import CacheOptions
from fastly_compute.http.cached_pending import CachedPending
from fastly_compute.http.cached_send import CachedSend
from fastly_compute.http.errors import BodyError, InvalidMethod, InvalidUrl
from fastly_compute.http.headers import Headers, HeadersLike, check_host
from fastly_compute.http.pending import PendingResponse
from fastly_compute.http.response import Response
from fastly_compute.http.streaming import StreamingBody

if TYPE_CHECKING:
    from collections.abc import KeysView

    from wit_world.imports import async_io, http_req

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_CACHED = frozenset({"GET", "HEAD"})
_PASS = CacheOptions(pass_through=True)
_SCHEMES = frozenset({"http", "https"})
_NOT_URL = re.compile(r"[^\x21-\x7e]")


def _method(method: str) -> str:
    if not isinstance(method, str):
        raise TypeError(f"a method must be a str, not {type(method).__name__}")
    if method in _METHODS:
        return method
    if not TOKEN.fullmatch(method):
        raise InvalidMethod(f"a method is a token such as GET, not {method!r}")
    if method.upper() in _METHODS:
        raise InvalidMethod(f"methods are case-sensitive: use {method.upper()!r}, not {method!r}")
    return method


def _split(url: str) -> tuple[str, str]:
    """Check a URL; return it in the form in which it is sent, and its authority."""
    if not isinstance(url, str):
        raise TypeError(f"a URL must be a str, not {type(url).__name__}")
    # Most URLs need no pattern, which takes longer.
    scheme, _, rest = url.partition("://")
    authority, _, after = rest.partition("/")
    if (
        scheme in _SCHEMES
        and authority.replace(".", "").replace("-", "").replace(":", "").isalnum()
        and url.isascii()
        and url.isprintable()
        and " " not in after
        and "#" not in after
        and not after.endswith("?")
    ):
        authority = _known_authority(f"{scheme}://{authority}")
        return f"{scheme}://{authority}/{after}", authority
    # These messages never show the URL: it may contain a password or a token.
    if _NOT_URL.search(url):
        raise InvalidUrl("a URL must be ASCII, without spaces; percent-encode the rest")
    authority = _authority(url)
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{authority}{parts.path or '/'}{query}", authority


def _authority(url: str) -> str:
    """Check the scheme and authority of a URL; return the authority as it is sent."""
    try:
        is_tls, target = parse_url(url)
    except InvalidBackendOption as error:
        raise InvalidUrl(str(error)) from error
    return str(target.without_default_port(tls=is_tls))


# For origins alone: the rest of a URL may hold a token, and must not be kept.
_known_authority = lru_cache(maxsize=32)(_authority)


class Request:
    """A request to a backend.

    It is sent as HTTP/1.1. A GET or HEAD goes through the platform's readthrough cache, whose key
    is the URL: a response that says nothing about caching is served to everyone for two minutes.
    With an Authorization or Cookie header, and no *cache*, the request bypasses the cache.

    Args:
        method: The method, a case-sensitive token (RFC 9110, section 9.1).
        url: An absolute ``http`` or ``https`` URL in ASCII, without credentials. A fragment and the
            scheme's default port are dropped.
        headers: `Headers`, a mapping, or pairs of name and value; copied. Host defaults to the
            URL's host. The host computes Content-Length and Transfer-Encoding itself.
        body: Bytes, text (as UTF-8), a binary file, an iterable of bytes, or a `Body`, such as
            that of the client's request. A file or iterable is sent as it is read, in chunks.
        cache: How the cache treats the request. None leaves it to the response's headers, and
            bypasses the cache if the request has an Authorization or Cookie header;
            ``CacheOptions()`` leaves it to the response's headers in any case.
        decompress_gzip: Whether the host decompresses a gzip response body, and removes
            Content-Encoding and Content-Length from its headers. Request gzip with
            ``Accept-Encoding: gzip``. A body that is not exactly one gzip member raises `BodyError`
            when it is read: one that is empty, truncated or damaged, or has several members.
        manual_framing: Whether Content-Length and Transfer-Encoding are taken from the headers
            instead of being computed. They must be correct.

    Raises:
        InvalidHeader: A header cannot be sent.
        InvalidMethod: The method is not a token, or a known one in the wrong case.
        InvalidUrl: A request cannot be sent to the URL.
        TypeError: An argument is of the wrong type.

    Example:
        >>> from fastly_compute.http import Request, Response
        >>> def weather(city: str) -> Response:
        ...     request = Request("GET", f"https://weather.example/{city}")
        ...     request.headers["Accept"] = "application/json"
        ...     return request.send("weather")
    """

    __slots__ = (
        "__weakref__",
        "_authority",
        "_body",
        "_cache",
        "_decompress_gzip",
        "_headers",
        "_manual_framing",
        "_method",
        "_url",
    )

    def __init__(
        self,
        method: str,
        url: str,
        *,
        headers: "HeadersLike | None" = None,
        body: "BodyLike | None" = None,
        cache: CacheOptions | None = None,
        decompress_gzip: bool = False,
        manual_framing: bool = False,
    ) -> None:
        if cache is not None and not isinstance(cache, CacheOptions):
            raise TypeError(f"cache must be CacheOptions, not {type(cache).__name__}")
        for name, flag in (
            ("decompress_gzip", decompress_gzip),
            ("manual_framing", manual_framing),
        ):
            if not isinstance(flag, bool):
                raise TypeError(f"{name} must be True or False, not {flag!r}")
        self._method = _method(method)
        self._url, self._authority = _split(url)
        self._headers = Headers(headers or ())
        self._cache = cache
        self._decompress_gzip = decompress_gzip
        self._manual_framing = manual_framing
        self._body = Body._of(body)

    @property
    def method(self) -> str:
        """The method."""
        return self._method

    @property
    def url(self) -> str:
        """The URL as it is sent."""
        return self._url

    @property
    def headers(self) -> Headers:
        """The headers, which can be changed until the request is sent."""
        return self._headers

    @property
    def body(self) -> Body:
        """The body."""
        return self._body

    @property
    def cache(self) -> CacheOptions | None:
        """The cache options given for the request."""
        return self._cache

    def send(self, backend: Backend | str | None = None) -> Response:
        """Send the request and wait for the head of the response (``http-req.send``).

        If the backend responds before a file or iterable was sent completely, the rest is not sent.

        Args:
            backend: The backend or its name; None for the URL's dynamic backend
                (`Backend.for_url`).

        Returns:
            The response, whose body has not been read yet.

        Raises:
            SendError: No response arrived; the subclass says why, if the host reports it.
            BackendNotFound: No backend has that name.
            BackendError: A dynamic backend for the URL is not possible.
            InvalidHeader: The Host header is not one host.
            HandleClosed: The body was used up before.
            BodyError: Passing the body to the host failed.
            HttpCallFailed: The host refused the request.
            HostUnavailable: No host is available.
            Exception: The body is an iterable that raised it; the request was aborted.
        """
        if self._is_guest_cached:
            return self._through_cache(backend).result()
        if self._body._is_produced:
            return self._produce(backend).wait()
        if in_flight.is_any():
            return self.send_async(backend).wait()  # it may wait for a request of this sandbox
        target, sent = self._target(backend)
        request, body = self._to_host(self._body)
        resource, pollable = _wit.send(request, body, target._resource, sent)
        return Response._received(resource, pollable)

    def send_async(self, backend: Backend | str | None = None) -> PendingResponse:
        """Send the request without waiting for the response (``http-req.send-async``).

        If the body is a file or an iterable, it is sent before this method returns; any other body
        is sent in the background.

        Args:
            backend: The backend or its name, or None, as for `send`.

        Returns:
            The pending response.

        Raises:
            SendError: The host refused to send the request.
            BackendNotFound: No backend has that name.
            BackendError: A dynamic backend for the URL is not possible.
            InvalidHeader: The Host header is not one host.
            HandleClosed: The body was used up before.
            BodyError: Passing the body to the host failed.
            HttpCallFailed: The host refused the request.
            HostUnavailable: No host is available.
        """
        if self._is_guest_cached:
            return CachedPending._begin(self._through_cache(backend))
        if self._body._is_produced:
            return self._produce(backend)
        target, sent = self._target(backend)
        request, body = self._to_host(self._body)
        return PendingResponse._of(_wit.send_async(request, body, target._resource, sent), sent)

    def send_streaming(
        self, backend: Backend | str | None = None
    ) -> tuple[StreamingBody, PendingResponse]:
        """Begin to send the request, and stream its body (``http-req.send-async-streaming``).

        Args:
            backend: The backend or its name, or None, as for `send`.

        Returns:
            A writer that appends to the request body; and the pending response.

        Raises:
            SendError: The host refused to send the request.
            BackendNotFound: No backend has that name.
            BackendError: A dynamic backend for the URL is not possible.
            InvalidHeader: The Host header is not one host.
            HandleClosed: The body was used up before.
            BodyError: Passing the body to the host failed.
            HttpCallFailed: The host refused the request.
            HostUnavailable: No host is available.
        """
        if self._is_guest_cached:
            raise ValueError(
                "send_streaming cannot be combined with before_send, after_send, key or "
                "stale_if_error: give the body to Request, and use send or send_async"
            )
        return self._begin(backend, self._body)

    @property
    def _is_guest_cached(self) -> bool:
        cache = self._cache
        return cache is not None and cache.is_guest_cached and self._method in _CACHED

    def _through_cache(self, backend: Backend | str | None) -> CachedSend:
        target, sent = self._target(backend)
        request, body = self._to_host(self._body, configured=False)
        return CachedSend(
            request,
            body,
            target._resource,
            sent,
            self._cache or CacheOptions(),
            decompress_gzip=self._decompress_gzip,
            manual_framing=self._manual_framing,
        )

    def _begin(
        self, backend: Backend | str | None, first: Body
    ) -> tuple[StreamingBody, PendingResponse]:
        target, sent = self._target(backend)
        request, body = self._to_host(first)
        try:
            pending = _wit.send_streaming(request, body, target._resource, sent)
        except BaseException:
            drop(body)
            raise
        out = StreamingBody._wrap(body)
        scope.register(out)
        return out, PendingResponse._of(pending, sent)

    def _produce(self, backend: Backend | str | None) -> PendingResponse:
        """Send the request, and its body as it is produced."""
        self._body._check_unread()
        self._body._check_sync()
        out, pending = self._begin(backend, Body())
        pieces = self._body._as_produced()
        try:
            while not out.closed:
                piece = next(pieces, None)
                try:
                    if piece is not None:
                        out.write(piece)
                        continue
                    self._body._write_trailers(out._resource)
                    out.finish()
                except BodyError:
                    # The backend accepts no more: its response, or the lack of one, says why.
                    break
        except BaseException:
            pending.close()
            raise
        finally:
            out.close()
            self._body.close()
        return pending

    def _target(self, backend: Backend | str | None) -> tuple[Backend, _wit.Sent]:
        if backend is None:
            backend = Backend.for_url(self._url)
        elif isinstance(backend, str):
            backend = Backend.open(backend)
        return backend, _wit.Sent(self._method, self._url, backend.name)

    def _to_host(
        self, content: Body, *, configured: bool = True
    ) -> "tuple[http_req.Request, async_io.Pollable]":
        fields = self._headers.items()
        names = self._headers._numbers.keys()
        if "host" in names:
            check_host(self._headers)
        else:
            fields = [("Host", self._authority), *fields]
        body = content._to_host()
        try:
            request = _wit.new_request(self._method, self._url, fields)
            if configured:
                _wit.configure(
                    request,
                    self._cache_on_host(names),
                    decompress_gzip=self._decompress_gzip,
                    manual_framing=self._manual_framing,
                )
        except BaseException:
            drop(body)
            raise
        return request, body

    def _cache_on_host(self, names: "KeysView[str]") -> CacheOptions | None:
        if self._cache is not None or self._method not in _CACHED:
            return self._cache
        # The cache's key is the URL: one visitor's response would be served to the next (RFC 9111,
        # section 3.5).
        is_personal = "authorization" in names or "cookie" in names
        return _PASS if is_personal else None

    def __repr__(self) -> str:
        return f"<Request {self._method} {self._url.partition('?')[0]}>"
