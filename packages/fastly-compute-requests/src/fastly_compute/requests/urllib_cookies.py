"""Requests and jars as Python's ``http.cookiejar`` sees them, without importing it."""

import sys
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastly_compute.requests.cookie import Cookie, Place, place_for, place_of, read_cookie

if TYPE_CHECKING:
    from fastly_compute.requests.models import PreparedRequest


class MockRequest:
    """A prepared request as one of ``urllib``, for the jars of ``http.cookiejar``.

    Args:
        request: The prepared request, which is not changed.

    Example:
        >>> import http.cookiejar
        >>> from fastly_compute import requests
        >>> jar = http.cookiejar.CookieJar()
        >>> request = requests.Request("GET", "https://shop.example/").prepare()
        >>> seen = requests.cookies.MockRequest(request)
        >>> jar.add_cookie_header(seen)
        >>> seen.get_new_headers()
        {}
    """

    unverifiable = True

    def __init__(self, request: "PreparedRequest") -> None:
        self._r = request
        self._new_headers: dict[str, str] = {}
        self.type = urlsplit(request.url or "").scheme

    @property
    def host(self) -> str:
        """The host of the URL, with its port."""
        return urlsplit(self._r.url or "").netloc

    @property
    def origin_req_host(self) -> str:
        """The same."""
        return self.host

    def get_type(self) -> str:
        """Return the scheme."""
        return self.type

    def get_host(self) -> str:
        """Return the host of the URL, with its port."""
        return self.host

    def get_origin_req_host(self) -> str:
        """Return the same."""
        return self.host

    def get_full_url(self) -> str:
        """Return the URL, with the host of a Host header if there is one."""
        host = self._r.headers.get("Host")
        if not host:
            return self._r.url or ""
        name = host.decode() if isinstance(host, bytes) else host
        return urlsplit(self._r.url or "")._replace(netloc=name).geturl()

    def is_unverifiable(self) -> bool:
        """Return True."""
        return True

    def has_header(self, name: str) -> bool:
        """Tell whether it has a header, or was given it."""
        return name in self._r.headers or name in self._new_headers

    def get_header(self, name: str, default: str | None = None) -> Any:
        """Return a header."""
        return self._r.headers.get(name, self._new_headers.get(name, default))

    def add_header(self, key: str, val: str) -> None:
        """Refuse: jars use `add_unredirected_header`.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("cookies are added with add_unredirected_header()")

    def add_unredirected_header(self, name: str, value: str) -> None:
        """Add a header, for `get_new_headers`."""
        self._new_headers[name] = value

    def get_new_headers(self) -> dict[str, str]:
        """Return the headers that were added."""
        return self._new_headers


class MockResponse:
    """Headers as a response of ``urllib`` has them, for the jars of ``http.cookiejar``.

    Args:
        headers: The headers.

    Example:
        >>> from email.message import Message
        >>> from fastly_compute.requests.cookies import MockResponse
        >>> MockResponse(Message()).info().get_all("Set-Cookie", [])
        []
    """

    def __init__(self, headers: Any) -> None:
        self._headers = headers

    def info(self) -> Any:
        """Return the headers."""
        return self._headers

    def getheaders(self, name: str) -> Any:
        """Return every value of a header."""
        return self._headers.get_all(name)


def place_of_urllib(request: Any) -> Place:
    """Tell where a request of ``urllib`` goes."""
    if isinstance(request, MockRequest):
        return place_of(request._r)
    url = request.get_full_url()
    return place_for(url, urlsplit(url).netloc)


def cookies_of(response: Any, request: Any) -> list[Cookie]:
    """Read the cookies of a response of ``urllib`` that it may set, the expired ones included."""
    headers = response.info()
    values = getattr(headers, "get_all", None) or getattr(headers, "getlist", None)
    place = place_of_urllib(request)
    read = (read_cookie(value, place) for value in (values("Set-Cookie") if values else None) or ())
    return [cookie for cookie in read if cookie is not None]


def as_cookiejar(kind: type) -> type:
    """Find what a jar says its class is.

    Whoever asks whether it is a ``CookieJar`` has imported ``http.cookiejar``. Importing it for all
    others would add more than a megabyte to every app.

    Args:
        kind: The jar's class.

    Returns:
        A class that is also a ``CookieJar``, if there is such a thing.
    """
    module = sys.modules.get("http.cookiejar")
    base = getattr(module, "CookieJar", None)
    return kind if base is None or issubclass(kind, base) else _both(kind, base)


@cache
def _both(kind: type, base: type) -> type:
    return type(kind)(kind.__name__, (kind, base), {"__module__": kind.__module__})
