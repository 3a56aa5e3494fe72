"""Cookies, by the rules of `http.cookies` (RFC 6265)."""

import re
from http.cookies import CookieError, SimpleCookie
from typing import Literal, TypeAlias

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.http.errors import InvalidCookie

SameSite: TypeAlias = Literal["Strict", "Lax", "None"]
"""When a browser sends a cookie with requests that other sites cause."""

_SAME_SITE = ("Strict", "Lax", "None")
_ATTRIBUTE = re.compile(r"[ -:<-~]*")  # no semicolon, which would begin another attribute
_LONGEST = 4096
_LONGEST_SHOWN = 60
_EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"


def parse_cookies(header: str) -> dict[str, str]:
    """Read a Cookie header: values by name, unquoted as `http.cookies` does.

    A part without a name is skipped. `http.cookies` would drop all others with it.
    Of several with the same name, the first counts: browsers send the one with the longest path
    first (RFC 6265, section 5.4).
    """
    decoder = SimpleCookie()
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.partition("=")
        name = name.strip(" \t")
        if equals and name and name not in found:
            found[name] = decoder.value_decode(value.strip(" \t"))[0]
    return found


def set_cookie_header(
    name: str,
    value: str,
    *,
    max_age: Duration | None,
    path: str | None,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite | None,
    expired: bool = False,
) -> str:
    """Return the value of a Set-Cookie header, or raise `InvalidCookie` or `TypeError`."""
    for field, text in (("name", name), ("value", value)):
        if not isinstance(text, str):
            raise TypeError(f"a cookie's {field} must be a str, not {type(text).__name__}")
    for field, flag in (("secure", secure), ("http_only", http_only)):
        if not isinstance(flag, bool):
            raise TypeError(f"{field} must be True or False, not {flag!r}")
    parts = [f"{name}={_encoded(name, value)}"]
    if expired:
        parts += [f"Expires={_EPOCH}", "Max-Age=0"]
    elif max_age is not None:
        parts.append(f"Max-Age={_seconds(name, max_age)}")
    for attribute, given in (("Path", path), ("Domain", domain)):
        if given is not None:
            parts.append(f"{attribute}={_attribute(name, attribute.lower(), given)}")
    if same_site is not None and same_site not in _SAME_SITE:
        rule = f"same_site must be 'Strict', 'Lax', 'None' or None, not {same_site!r}"
        raise InvalidCookie(name, rule)
    _check_secure(name, path, domain, secure=secure, same_site=same_site)
    parts += ["Secure"] * secure + ["HttpOnly"] * http_only
    if same_site is not None:
        parts.append(f"SameSite={same_site}")
    return "; ".join(parts)


def _encoded(name: str, value: str) -> str:
    cookie: SimpleCookie = SimpleCookie()
    try:
        cookie[name] = value
    except CookieError:
        # The error of http.cookies may contain the value.
        raise InvalidCookie(
            name[:_LONGEST_SHOWN], "the name must be a token, and not that of an attribute"
        ) from None
    coded = cookie[name].coded_value if value else ""
    if not coded.isascii():
        raise InvalidCookie(
            name, "the value must be latin-1 text; encode other text, for example as base64"
        )
    if len(name) + len(coded) > _LONGEST:
        rule = f"name and encoded value must have at most {_LONGEST} bytes, as browsers keep"
        raise InvalidCookie(name[:_LONGEST_SHOWN], f"{rule}, not {len(name) + len(coded)}")
    return coded


def _seconds(name: str, max_age: Duration) -> int:
    try:
        return whole_seconds(max_age, field="max_age")
    except ValueError as error:
        raise InvalidCookie(name, str(error)) from None


def _attribute(name: str, field: str, text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{field} must be a str or None, not {type(text).__name__}")
    if not text or not _ATTRIBUTE.fullmatch(text):
        rule = f"{field} must be printable ASCII text without semicolons"
        raise InvalidCookie(name, f"{rule}, not {text[:_LONGEST_SHOWN]!r}")
    if field == "path" and not text.startswith("/"):
        raise InvalidCookie(name, f"path must start with /, not {text[:_LONGEST_SHOWN]!r}")
    return text


def _check_secure(
    name: str, path: str | None, domain: str | None, *, secure: bool, same_site: SameSite | None
) -> None:
    """Refuse what browsers drop without a word."""
    if not secure and same_site == "None":
        raise InvalidCookie(name, "browsers accept same_site='None' only with secure=True")
    prefix = name[:9].lower()
    if prefix == "__secure-" and not secure:
        raise InvalidCookie(name, "browsers accept the prefix __Secure- only with secure=True")
    if prefix.startswith("__host-") and not (secure and path == "/" and domain is None):
        rule = "browsers accept the prefix __Host- only with secure=True, path='/' and no domain"
        raise InvalidCookie(name, rule)
