"""Cookies, by the rules of `http.cookies` (RFC 6265)."""

import re
from contextlib import suppress
from datetime import UTC, datetime
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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 1601  # RFC 6265, section 5.1.1
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
    expires: datetime | None,
    max_age: Duration | None,
    path: str | None,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite | None,
    partitioned: bool,
) -> str:
    """Return the value of a Set-Cookie header, or raise `InvalidCookie` or `TypeError`."""
    for field, text in (("name", name), ("value", value)):
        if not isinstance(text, str):
            raise TypeError(f"a cookie's {field} must be a str, not {type(text).__name__}")
    for field, flag in (
        ("secure", secure),
        ("http_only", http_only),
        ("partitioned", partitioned),
    ):
        if not isinstance(flag, bool):
            raise TypeError(f"{field} must be True or False, not {flag!r}")
    parts = [f"{name}={_encoded(name, value)}"]
    if expires is not None:
        parts.append(f"Expires={_date(name, expires)}")
    if max_age is not None:
        parts.append(f"Max-Age={_seconds(name, max_age)}")
    for attribute, given in (("Path", path), ("Domain", domain)):
        if given is not None:
            parts.append(f"{attribute}={_attribute(name, attribute.lower(), given)}")
    if same_site is not None and same_site not in _SAME_SITE:
        rule = f"same_site must be 'Strict', 'Lax', 'None' or None, not {same_site!r}"
        raise InvalidCookie(name, rule)
    _check_secure(name, path, domain, secure=secure, same_site=same_site, partitioned=partitioned)
    parts += ["Secure"] * secure + ["HttpOnly"] * http_only
    if same_site is not None:
        parts.append(f"SameSite={same_site}")
    parts += ["Partitioned"] * partitioned
    return "; ".join(parts)


def expired_cookie_header(
    name: str,
    *,
    path: str | None,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite | None,
    partitioned: bool,
) -> str:
    """Return the value of a Set-Cookie header that makes the browser forget a cookie."""
    return set_cookie_header(
        name,
        "",
        expires=_EPOCH,
        max_age=0,
        path=path,
        domain=domain,
        secure=secure,
        http_only=http_only,
        same_site=same_site,
        partitioned=partitioned,
    )


def _encoded(name: str, value: str) -> str:
    cookie: SimpleCookie = SimpleCookie()
    # An error of http.cookies may contain the value.
    with suppress(CookieError):
        cookie[name] = value
    # http.cookies refuses the second name from Python 3.14 on, which the guest has.
    if name not in cookie or name.lower() == "partitioned":
        raise InvalidCookie(
            name[:_LONGEST_SHOWN], "the name must be a token, and not that of an attribute"
        )
    coded = cookie[name].coded_value if value else ""
    if not coded.isascii():
        raise InvalidCookie(
            name, "the value must be latin-1 text; encode other text, for example as base64"
        )
    if len(name) + len(coded) > _LONGEST:
        rule = f"name and encoded value must have at most {_LONGEST} bytes, as browsers keep"
        raise InvalidCookie(name[:_LONGEST_SHOWN], f"{rule}, not {len(name) + len(coded)}")
    return coded


def _date(name: str, expires: datetime) -> str:
    """Write a date as HTTP does (RFC 9110, section 5.6.7), in English in every locale."""
    if not isinstance(expires, datetime):
        raise TypeError(f"expires must be a datetime or None, not {type(expires).__name__}")
    if expires.utcoffset() is None:
        raise InvalidCookie(name, "expires must have a time zone, such as datetime.UTC")
    try:
        at = expires.astimezone(UTC)
    except OverflowError:
        raise InvalidCookie(name, "expires must be a date of the years 1601 to 9999 UTC") from None
    if at.year < _FIRST_YEAR:
        raise InvalidCookie(name, f"expires must be in {_FIRST_YEAR} or later, not {at.year}")
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02} {month} {at.year} {at.hour:02}:{at.minute:02}:{at.second:02} GMT"


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
    name: str,
    path: str | None,
    domain: str | None,
    *,
    secure: bool,
    same_site: SameSite | None,
    partitioned: bool,
) -> None:
    """Refuse what browsers drop without a word."""
    if not secure and partitioned:
        raise InvalidCookie(name, "browsers accept partitioned=True only with secure=True")
    if not secure and same_site == "None":
        raise InvalidCookie(name, "browsers accept same_site='None' only with secure=True")
    prefix = name[:9].lower()
    if prefix == "__secure-" and not secure:
        raise InvalidCookie(name, "browsers accept the prefix __Secure- only with secure=True")
    if prefix.startswith("__host-") and not (secure and path == "/" and domain is None):
        rule = "browsers accept the prefix __Host- only with secure=True, path='/' and no domain"
        raise InvalidCookie(name, rule)
