"""Requests to backends."""

import re
from urllib.parse import urlsplit

from fastly_compute.backend import Backend, InvalidBackendOption
from fastly_compute.backend.target import parse_url
from fastly_compute.http import _wit
from fastly_compute.http.body import Body, BodyLike
from fastly_compute.http.errors import InvalidMethod, InvalidUrl
from fastly_compute.http.headers import TOKEN, Headers, HeadersLike
from fastly_compute.http.response import Response

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_NOT_URL = re.compile(r"[^\x21-\x7e]")


def _method(method: str) -> str:
    if not isinstance(method, str):
        raise TypeError(f"a method must be a str, not {type(method).__name__}")
    if not TOKEN.fullmatch(method):
        raise InvalidMethod(f"a method is a token such as GET, not {method!r}")
    if method not in _METHODS and method.upper() in _METHODS:
        raise InvalidMethod(f"methods have a case: {method.upper()!r}, not {method!r}")
    return method


def _split(url: str) -> tuple[str, str]:
    """Check a URL and return it as it is sent, and its authority."""
    if not isinstance(url, str):
        raise TypeError(f"a URL must be a str, not {type(url).__name__}")
    # No value in these messages: whatever it is, it may hold a password or a token.
    if _NOT_URL.search(url):
        raise InvalidUrl("a URL must be ASCII, without spaces; percent-encode the rest")
    try:
        is_tls, target = parse_url(url)
    except InvalidBackendOption as error:
        raise InvalidUrl(str(error)) from error
    authority = str(target.without_default_port(tls=is_tls))
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{authority}{parts.path or '/'}{query}", authority


class Request:
    """A request to a backend.

    It is sent as HTTP/1.1, and through the platform's cache.

    Args:
        method: The method, a token in its own case (RFC 9110, section 9.1).
        url: An absolute ``http`` or ``https`` URL in ASCII, without credentials. A fragment is
            dropped, the scheme's own port as well.
        headers: `Headers`, a mapping, or pairs of name and value; copied. Without a Host among
            them, it is the URL's. The host computes Content-Length and Transfer-Encoding itself.
        body: Bytes, text (as UTF-8), a binary file, an iterable of bytes, or a `Body`, such as
            that of the client's request. A file or iterable is given to the host piece by piece,
            and sent when it is complete.

    Raises:
        InvalidHeader: A header cannot be sent.
        InvalidMethod: The method is not a token, or a known one in the wrong case.
        InvalidUrl: The URL is not one that can be requested.
        TypeError: An argument has a type that it cannot have.

    Example:
        >>> from fastly_compute.http import Request, Response
        >>> def weather(city: str) -> Response:
        ...     request = Request("GET", f"https://weather.example/{city}")
        ...     request.headers["Accept"] = "application/json"
        ...     return request.send("weather")
    """

    __slots__ = ("__weakref__", "_authority", "_body", "_headers", "_method", "_url")

    def __init__(
        self,
        method: str,
        url: str,
        *,
        headers: "HeadersLike | None" = None,
        body: "BodyLike | None" = None,
    ) -> None:
        self._method = _method(method)
        self._url, self._authority = _split(url)
        self._headers = Headers(headers or ())
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
        """The headers; can be changed until it is sent."""
        return self._headers

    @property
    def body(self) -> Body:
        """The body."""
        return self._body

    def send(self, backend: Backend | str | None = None) -> Response:
        """Send it and wait for the head of the response (``http-req.send``).

        Args:
            backend: Where to: a backend or its name; or None for the dynamic backend that belongs
                to the URL (`Backend.for_url`).

        Returns:
            The response; its body is still with the host.

        Raises:
            SendError: There was no response; the subclass says why, if the host does.
            BackendNotFound: There is no backend of that name.
            BackendError: There can be no dynamic backend for the URL.
            HandleClosed: The body was used up before.
            BodyError: Passing the body to the host failed.
            HttpCallFailed: The host refused the request.
            HostUnavailable: There is no host.
        """
        if backend is None:
            backend = Backend.for_url(self._url)
        elif isinstance(backend, str):
            backend = Backend.open(backend)
        target = backend._wit
        fields = self._headers.items()
        if "host" not in self._headers:
            fields = [("Host", self._authority), *fields]
        body = self._body._to_host()
        try:
            request = _wit.new_request(self._method, self._url, fields)
        except BaseException:
            _wit.drop(body)
            raise
        resource, pollable = _wit.send(
            request, body, target, method=self._method, url=self._url, name=backend.name
        )
        return Response._received(resource, pollable)

    def __repr__(self) -> str:
        return f"<Request {self._method} {self._url.partition('?')[0]}>"
