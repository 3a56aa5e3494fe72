"""URLs and forms, as ``requests`` writes them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from unicodedata import category
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from fastly_compute.requests.exceptions import InvalidURL, MissingSchema

Scalar: TypeAlias = str | bytes | int | float | None
Pairs: TypeAlias = (
    Mapping[str, Scalar | Iterable[Scalar]] | Iterable[tuple[str, Scalar | Iterable[Scalar]]]
)
"""A form: a mapping or pairs; None is left out, and each of several values gets its own pair."""

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?://(?P<authority>[^\\/?#]*))?"
    r"(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?"
    r"(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_PLAIN = re.compile(
    r"https?://[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
    r"/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?"
    r"(?:\?[A-Za-z0-9._~=&-]+)?"
)  # a URL that is written as it should be
_HTTP = ("http://", "https://")
_BEFORE_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2}[^/?#]*")
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")
_RELATIVE = re.compile(r"(?![A-Za-z][A-Za-z0-9+-]*:|/)")
_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]*\]|[^\[\]:]*)(?::0*(?P<port>[0-9]{0,5}))?")
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_WRONG_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})[^\W_]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = "!$&'()*+,;=:@/~"
_IN_QUERY = _IN_PATH + "?"
_IN_URL = "!#$&'()*+,/:;=?@[]~"
# Punctuation that IDNA 2008 takes for a letter in the right place.
_ALLOWED = frozenset("\xb7\u0375\u05f3\u05f4\u30fb")
# IDNA 2003, which Python knows, and IDNA 2008 take these for different names.
_DISPUTED = frozenset("\xdf\u03c2\u200c\u200d")


def flattened(pairs: Pairs) -> list[tuple[Any, Any]]:
    """Give each of several values its own pair, and leave None out.

    Args:
        pairs: A form.

    Returns:
        The pairs.

    Raises:
        TypeError: It is neither a mapping nor pairs.
    """
    flat: list[tuple[Any, Any]] = []
    for pair in pairs.items() if isinstance(pairs, Mapping) else pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"a form is a mapping or pairs, and one is a {type(pair).__name__}")
        name, value = pair
        several = value if isinstance(value, Iterable) and not _is_text(value) else (value,)
        flat += [(name, one) for one in several if one is not None]
    return flat


def encode_form(pairs: Pairs) -> str:
    """Write a form (``application/x-www-form-urlencoded``).

    Args:
        pairs: The form.

    Returns:
        The form in ASCII.

    Raises:
        TypeError: It is neither a mapping nor pairs.
    """
    return urlencode(flattened(pairs))


def is_http(url: str) -> bool:
    """Tell whether a URL has one of the two schemes, in lower case."""
    return url.startswith(_HTTP)


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes)


def _escaped(text: str, safe: str) -> str:
    """Escape what may not stand in a part of a URL, and spell its escapes in upper case."""
    text, escapes = _ESCAPE.subn(lambda match: match[0].upper(), text)
    # A percent sign that begins no escape means that none of them does.
    return quote(text, safe=safe + "%" if escapes == text.count("%") else safe)


def _without_dots(path: str) -> str:
    """Resolve ``.`` and ``..`` (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if not kept or kept[0]:
        kept.insert(0, "")
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/".join(kept)


def unquote_unreserved(uri: str) -> str:
    """Undo the escapes of letters, digits and ``-._~``, which mean the same without."""
    return _ESCAPE.sub(_plain, uri)


def requote_uri(uri: str) -> str:
    """Undo needless escapes and escape what may not stand in any URL.

    Args:
        uri: The URL.

    Returns:
        The URL, quoted in one way.
    """
    if _WRONG_ESCAPE.search(uri):
        return quote(uri, safe=_IN_URL)
    return quote(unquote_unreserved(uri), safe=_IN_URL + "%")


def _plain(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0]


def _in_ascii(host: str) -> str:
    if host.isascii():
        return host
    if not _DISPUTED.isdisjoint(host):
        raise InvalidURL(
            f"the host {host!r} is not the same name to everyone: write it in its xn-- form"
        )
    # Those of IDNA 2008 are letters, digits and marks; Python's own lets symbols through.
    if any(not c.isascii() and category(c)[0] not in "LMN" for c in host if c not in _ALLOWED):
        raise InvalidURL("URL has an invalid label.")
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise InvalidURL("URL has an invalid label.") from None


def split_url(url: str) -> SplitResult:
    """Split a URL, absolute or not, into its parts.

    Args:
        url: The URL.

    Raises:
        InvalidURL: It is malformed.
    """
    try:
        return urlsplit(url)
    except ValueError as error:
        raise InvalidURL(f"Failed to parse: {error}") from None


def check_authority(url: str) -> None:
    """Refuse a URL in which parsers find different hosts.

    Args:
        url: A URL, absolute or not.

    Raises:
        InvalidURL: A backslash, a blank or a control character stands before its path.
    """
    start = _BEFORE_PATH.match(url)
    if start is not None and _AMBIGUOUS.search(start[0]):
        # No value in the message: it may hold a password.
        raise InvalidURL(
            "Failed to parse: a URL has no backslash, blank or control character before its path"
        )


def _authority(text: str, url: str, scheme: str) -> str:
    match = _HOST_PORT.fullmatch(text)
    port = match["port"] if match else None
    if match is None:
        raise InvalidURL(f"Failed to parse: {text!r} is not a valid host or port")
    if int(port or 0) > 65535:
        raise InvalidURL(f"Failed to parse: {url.partition('?')[0]}")
    host = match["host"].lower() if scheme.lower() in ("http", "https") else match["host"]
    if not host:
        raise InvalidURL(f"Invalid URL {url!r}: No host supplied")
    if host.startswith(("*", ".")):
        raise InvalidURL("URL has an invalid label.")
    host = _in_ascii(host)
    return f"{host}:{port}" if port else host


def prepare_url(
    url: str | bytes, params: "Pairs | str | bytes | None"
) -> tuple[str, tuple[str, str] | None]:
    """Write a URL as ``requests`` does.

    Args:
        url: An absolute URL. What may not stand in it is escaped. One that does not begin with
            ``http`` is left as it is, for an adapter that knows what to do with it.
        params: Added to its query: a form, or text as it is.

    Returns:
        The URL, without a user name and password; and those.

    Raises:
        InvalidURL: It is malformed.
        MissingSchema: It has no scheme.
        TypeError: The params are not form fields.
    """
    text = (url.decode() if isinstance(url, bytes) else str(url)).lstrip()
    if ":" in text and not text.lower().startswith("http"):
        return text, None
    if not params and _PLAIN.fullmatch(text):
        return text, None
    check_authority(text)
    match = _URL.fullmatch("//" + text if _RELATIVE.match(text) else text)
    if match is None or not match["scheme"]:
        raise MissingSchema(
            f"Invalid URL {text!r}: No scheme supplied. Perhaps you meant https://{text}?"
        )
    if not match["authority"]:
        raise InvalidURL(f"Invalid URL {text!r}: No host supplied")
    userinfo, at, place = match["authority"].rpartition("@")
    # An error must not show a password.
    shown = text.replace(userinfo + at, "", 1) if at else text
    authority = _authority(place, shown, match["scheme"])
    path = _escaped(_without_dots(match["path"]), _IN_PATH) if match["path"] else "/"
    query = _escaped(match["query"] or "", _IN_QUERY)
    fragment = _escaped(match["fragment"] or "", _IN_QUERY)
    if isinstance(params, bytes):
        params = params.decode("ascii")
    more = params if isinstance(params, str) else encode_form(params or ())
    query = f"{query}&{more}" if query and more else query or more
    whole = f"{match['scheme'].lower()}://{authority}{path}" + (f"?{query}" if query else "")
    user, _, password = userinfo.partition(":")
    auth = (unquote(user), unquote(password)) if ":" in userinfo else None
    return requote_uri(whole + (f"#{fragment}" if fragment else "")), auth


def as_sent(url: str) -> str:
    """Write a URL as it is sent, which may have been set after its request was prepared.

    Args:
        url: The URL.

    Returns:
        The URL without its user name, password and fragment, and with what may not stand in its
        path and query escaped. One that is malformed otherwise is left as it is, to be refused.
    """
    if _PLAIN.fullmatch(url):
        return url
    url = without_userinfo(url)
    match = _URL.fullmatch(url)
    if match is None or match["authority"] is None or match["path"][:1] not in {"", "/"}:
        return url
    path = _escaped(match["path"], _IN_PATH)
    query = "" if match["query"] is None else "?" + _escaped(match["query"], _IN_QUERY)
    return f"{match['scheme']}://{match['authority']}{path}{query}"


def without_userinfo(url: str) -> str:
    """Leave out a URL's user name and password.

    Args:
        url: The URL.

    Returns:
        The URL.
    """
    if "@" not in url:
        return url
    scheme, slashes, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return scheme + slashes + rest[authority.rfind("@") + 1 :]
