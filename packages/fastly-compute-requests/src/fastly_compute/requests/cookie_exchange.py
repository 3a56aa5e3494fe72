"""Move cookies from responses into a jar, and from the jar into requests."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from fastly_compute.requests.cookie import Cookie, Place, is_sent, place_of, read_cookie

if TYPE_CHECKING:
    from fastly_compute.requests.models import PreparedRequest


class CookieJar(Protocol):
    """Any jar: of this package, or of Python's ``http.cookiejar``."""

    def __iter__(self) -> Iterator[Any]: ...

    def set_cookie(self, cookie: Any) -> None:
        """Keep a cookie."""

    def clear(self) -> None:
        """Forget all cookies."""


def keep(jar: Any, cookie: Cookie) -> None:
    """Keep a cookie that was received, or forget what an expired one names.

    Args:
        jar: The jar, of this package or of Python's ``http.cookiejar``.
        cookie: The cookie.
    """
    if not cookie.is_expired():
        jar.set_cookie(cookie)
    elif hasattr(jar, "_matching"):
        with suppress(KeyError):  # not in the jar
            jar.clear(cookie.domain, cookie.path, cookie.name)


def header_for(jar: Any, place: Place) -> str | None:
    """Write a Cookie header (RFC 6265, section 5.4).

    Args:
        jar: The cookies.
        place: Where the request goes.

    Returns:
        The header; None if no cookie belongs there.
    """
    cookies = list(jar)
    if not cookies:
        return None
    now = time.time()
    fitting = [cookie for cookie in cookies if is_sent(cookie, place, now)]
    fitting.sort(key=lambda cookie: len(cookie.path), reverse=True)
    texts = [c.name if c.value is None else f"{c.name}={c.value}" for c in fitting]
    return "; ".join(texts) or None


def remove_cookie_by_name(
    cookiejar: Any, name: str, domain: str | None = None, path: str | None = None
) -> None:
    """Forget the cookies of a name, of this domain and path if they are given."""
    for cookie in cookiejar._matching(name, domain, path):
        cookiejar.clear(cookie.domain, cookie.path, cookie.name)


def extract_cookies_to_jar(jar: CookieJar, request: "PreparedRequest", response: object) -> None:
    """Keep the cookies that a response sets.

    Args:
        jar: Where to.
        request: The request that was sent.
        response: The answer, or its ``raw``. One that was not received from a backend has none.
    """
    if getattr(response, "_received", response) is None:
        response = getattr(response, "raw", None)  # of urllib3, in a mock
    one_by_one = getattr(response, "_values", None) or getattr(
        getattr(response, "headers", None), "getlist", None
    )
    if one_by_one is not None:
        for header in one_by_one("set-cookie"):
            cookie = read_cookie(header, place_of(request))
            if cookie is not None:
                keep(jar, cookie)


def get_cookie_header(jar: CookieJar, request: "PreparedRequest") -> str | None:
    """Write the Cookie header that a request gets (RFC 6265, section 5.4).

    Args:
        jar: The cookies.
        request: The request. One that has the header keeps it.

    Returns:
        The header; None if it has no cookies.
    """
    if next(iter(jar), None) is None or "Cookie" in request.headers:
        return None
    return header_for(jar, place_of(request))
