"""One cookie: what a server may set, and which requests get it (RFC 6265)."""

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from fastly_compute.requests.models import PreparedRequest

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:[a-z]++,?+\s*+)?(?P<day>\d\d?)[\s/-]++(?P<month>[a-z]{3})[\s/-]++(?P<year>\d{2,4})"
    r"(?:[\s:]++(?P<time>\d\d?:\d\d(?::\d\d)?))?\s*+(?:gmt|utc?|z|[+-]0000)?+\s*+",
    re.IGNORECASE | re.ASCII,
)
_FOREVER_S = 1e10  # the number may have any length
_IN_PATH = "%/;:@&=+$,!~*'()"
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")


class CookieAttributes(TypedDict, total=False):
    """The attributes of a `Cookie` besides its name and value."""

    domain: str
    path: str
    secure: bool
    expires: int | None
    discard: bool
    rest: dict[str, str | None]
    version: int
    port: str | None
    comment: str | None
    comment_url: str | None
    rfc2109: bool


class Cookie:
    """A cookie, with the attributes that it has in Python's ``http.cookiejar``.

    Args:
        name: Its name.
        value: Its value.
        **attributes: The other attributes.

    Attributes:
        name: Its name.
        value: Its value; None for one that came without ``=``.
        domain: Where it belongs: with a dot in front if the server named a domain, and empty for
            one that goes to every host.
        path: The path below which it is sent.
        secure: Whether it is for ``https`` only.
        expires: When it ends, in seconds since 1970; None with the session.
        discard: Whether it ends with the session.
        rest: Its other attributes, such as ``HttpOnly``.

    Raises:
        TypeError: The attribute is unknown.

    Example:
        >>> from fastly_compute.requests.cookies import Cookie
        >>> cookie = Cookie("session", "1", domain=".shop.example", expires=0)
        >>> cookie.is_expired()
        True
    """

    domain: str = ""
    path: str = "/"
    secure: bool = False
    expires: int | None = None
    discard: bool = True
    version = 0
    port: str | None = None
    comment: str | None = None
    comment_url: str | None = None
    rfc2109 = False
    domain_specified = False
    domain_initial_dot = False
    path_specified = False
    port_specified = False

    def __init__(
        self, name: str, value: str | None, **attributes: Unpack[CookieAttributes]
    ) -> None:
        self.name = name
        self.value = value
        self.rest: dict[str, str | None] = {"HttpOnly": None}
        for attribute, given in attributes.items():
            if not hasattr(self, attribute):
                raise TypeError(f"a cookie has no attribute {attribute!r}")
            setattr(self, attribute, given)

    def is_expired(self, now: float | None = None) -> bool:
        """Tell whether its time is over."""
        return self.expires is not None and self.expires <= (time.time() if now is None else now)

    @property
    def _rest(self) -> dict[str, str | None]:
        return self.rest  # the name that http.cookiejar has for it

    def has_nonstandard_attr(self, name: str) -> bool:
        """Tell whether `rest` has an attribute."""
        return name in self.rest

    def get_nonstandard_attr(self, name: str, default: str | None = None) -> str | None:
        """Return an attribute of `rest`, or *default*."""
        return self.rest.get(name, default)

    def set_nonstandard_attr(self, name: str, value: str | None) -> None:
        """Set an attribute of `rest`."""
        self.rest[name] = value


def copy_cookie(cookie: Any) -> Cookie:
    """Copy a cookie, of this package or of Python's ``http.cookiejar``."""
    # Those of Python itself have the attributes of ours, save one that counts for them alone.
    known = {
        name: value
        for name, value in vars(cookie).items()
        if not name.startswith("_") and hasattr(Cookie, name)
    }
    copy = Cookie(cookie.name, cookie.value, **known)
    copy.rest = dict(getattr(cookie, "rest", None) or getattr(cookie, "_rest", {}))
    return copy


def create_cookie(name: str, value: str, **kwargs: Unpack[CookieAttributes]) -> Cookie:
    """Make a cookie that goes to every host, unless it is told otherwise.

    Args:
        name: Its name.
        value: Its value.
        **kwargs: Attributes of `Cookie`.

    Returns:
        The cookie.

    Raises:
        TypeError: The attribute is unknown.
    """
    cookie = Cookie(name, value, **kwargs)
    cookie.domain_specified = bool(cookie.domain)
    cookie.domain_initial_dot = cookie.domain.startswith(".")
    cookie.path_specified = bool(cookie.path)
    cookie.port_specified = bool(cookie.port)
    return cookie


def morsel_to_cookie(morsel: Any) -> Cookie:
    """Make a cookie of a ``Morsel`` of Python's ``http.cookies``.

    Args:
        morsel: The morsel.

    Returns:
        The cookie.

    Raises:
        TypeError: Its Max-Age is not a number.
        ValueError: Its Expires is not a date as ``http.cookies`` writes it.
    """
    expires: int | None = None
    if not isinstance(morsel["expires"], str | None):
        raise TypeError(f"expires must be a str, not {type(morsel['expires']).__name__}")
    if morsel["max-age"]:
        try:
            expires = int(time.time() + int(morsel["max-age"]))
        except ValueError:
            raise TypeError(f"max-age: {morsel['max-age']} must be integer") from None
    elif morsel["expires"]:
        expires = _date(morsel["expires"])
        if expires is None:
            raise ValueError(f"expires: {morsel['expires']!r} is not a date")
    return create_cookie(
        morsel.key,
        morsel.value,
        comment=morsel["comment"],
        discard=False,
        domain=morsel["domain"],
        expires=expires,
        path=morsel["path"],
        rest={"HttpOnly": morsel["httponly"]},
        secure=bool(morsel["secure"]),
        version=morsel["version"] or 0,
    )


def _escaped(path: str) -> str:
    return _ESCAPE.sub(lambda escape: escape[0].upper(), quote(path, _IN_PATH))


class Place(NamedTuple):
    """The target of a request, as far as it matters to cookies."""

    scheme: str
    host: str
    path: str


def place_of(request: "PreparedRequest") -> Place:
    """Return where a request goes: an explicit Host header takes precedence over its URL."""
    url = request.url or ""
    host = request.headers.get("Host") or urlsplit(url).netloc
    return place_for(url, host.decode("latin-1") if isinstance(host, bytes) else host)


def place_for(url: str, host: str) -> Place:
    """Tell where a URL leads, with a host and port that go before its own."""
    parts = urlsplit(url)
    name = re.sub(r":\d+$", "", host).lower()
    path = _escaped(parts.path)
    return Place(parts.scheme, name, path if path.startswith("/") else f"/{path}")


def _full_name(host: str) -> str:
    """A host without a dot belongs to the domain ``local``."""
    return host if "." in host else f"{host}.local"


def _may_set(domain: str, host: str) -> bool:
    """Tell whether a host may set cookies for a domain, which begins with a dot."""
    full = _full_name(host)
    if "." not in domain[1:] and not full.endswith(".local"):
        return False  # a top-level domain
    return f".{full}".endswith((domain, f"{domain}.local"))


def _date(text: str) -> int | None:
    """Read a date as servers write them (RFC 6265, section 5.1.1)."""
    match = _DATE.fullmatch(text.strip('" '))
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    year = int(match["year"])
    if year < 100:  # RFC 9110, section 5.6.7: the century that is nearest
        now = time.gmtime().tm_year
        year += round((now - year) / 100) * 100
    hour, minute, second = [*map(int, (match["time"] or "0").split(":")), 0, 0][:3]
    month = _MONTHS.index(match["month"].lower()) + 1
    try:
        return int(
            datetime(year, month, int(match["day"]), hour, minute, second, tzinfo=UTC).timestamp()
        )
    except ValueError:
        return None


def read_cookie(header: str, place: Place) -> Cookie | None:
    """Read a Set-Cookie header (RFC 6265, section 5.2).

    Args:
        header: The header.
        place: Where it comes from.

    Returns:
        The cookie; None if the header sets nothing, or what this place may not set.
    """
    pair, *attributes = header.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    if not name:
        return None
    cookie = Cookie(name, value if equals else None, rest={})
    cookie.domain = _full_name(place.host)
    cookie.path = place.path[: place.path.rfind("/")] or "/"
    seen: set[str] = set()
    for attribute in attributes:
        written, equals, value = (part.strip() for part in attribute.partition("="))
        key = written.lower()
        if not key or (key in seen and key != "max-age"):
            continue
        match key:
            case "domain" if not value:
                return None
            case "domain":
                cookie.domain_specified = True
                cookie.domain_initial_dot = value.startswith(".")
                cookie.domain = value.lower() if cookie.domain_initial_dot else f".{value.lower()}"
            case "path" if not equals:
                return None
            case "path" if value:
                cookie.path_specified = True
                cookie.path = _escaped(value)
            case "secure":
                cookie.secure = True
            case "expires":
                expires = _date(value)
                if expires is None or "max-age" in seen:
                    continue
                cookie.expires = expires
            case "max-age":
                if not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
                    return None
                seconds = max(-_FOREVER_S, min(float(value), _FOREVER_S))
                cookie.expires = int(time.time()) + int(seconds)
            case "path" | "version" | "discard" | "comment" | "port":
                pass
            case _:
                cookie.rest[written] = value if equals else None
        seen.add(key)
    cookie.discard = cookie.expires is None
    if cookie.domain_specified and not _may_set(cookie.domain, place.host):
        return None
    return cookie


def is_sent(cookie: Cookie, place: Place, now: float) -> bool:
    """Tell whether a request gets a cookie (RFC 6265, section 5.4).

    Args:
        cookie: The cookie, of this package or of Python's ``http.cookiejar``.
        place: Where the request goes.
        now: The time, in seconds since 1970.

    Returns:
        Whether it does.
    """
    if cookie.domain and not f".{_full_name(place.host)}".endswith(
        "." + cookie.domain.removeprefix(".")
    ):
        return False
    if place.path != cookie.path and not place.path.startswith(cookie.path.removesuffix("/") + "/"):
        return False
    return not (cookie.secure and place.scheme != "https") and not cookie.is_expired(now)
