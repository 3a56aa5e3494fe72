"""The jars that a session makes of those that it is given."""

from typing import cast

from fastly_compute.requests.cookies import (
    CookieJar,
    Cookies,
    RequestsCookieJar,
    merge_cookies,
)


def copied(jar: CookieJar) -> CookieJar:
    """Copy a jar: one of Python itself has no method for that."""
    if hasattr(jar, "copy"):
        return cast("CookieJar", jar.copy())
    return merge_cookies(RequestsCookieJar(), jar)


def as_jar(cookies: Cookies | None) -> CookieJar | None:
    """Make a jar of a mapping; a jar and None are left as they are."""
    if cookies is None or hasattr(cookies, "set_cookie"):
        return cookies  # type: ignore[return-value]
    return merge_cookies(RequestsCookieJar(), cookies)
