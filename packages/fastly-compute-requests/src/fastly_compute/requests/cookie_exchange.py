"""What a jar takes from a response, and gives to a request."""

import time
from typing import Any

from fastly_compute.requests.cookie import Cookie, Place, is_sent


def keep(jar: Any, cookie: Cookie) -> None:
    """Keep a cookie that was received, or forget what an expired one names.

    Args:
        jar: The jar, of this package or of Python's ``http.cookiejar``.
        cookie: The cookie.
    """
    if not cookie.is_expired():
        jar.set_cookie(cookie)
    elif hasattr(jar, "_matching"):
        for old in jar._matching(cookie.name, cookie.domain, cookie.path):
            jar.clear(old.domain, old.path, old.name)


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
