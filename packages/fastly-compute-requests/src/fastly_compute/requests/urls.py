"""URLs and forms, as ``requests`` writes them."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from urllib.parse import quote, urlencode

from fastly_compute.requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

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
_RELATIVE = re.compile(r"(?![A-Za-z][A-Za-z0-9+-]*:|/)")
_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]*\]|[^\[\]:]*)(?::0*(?P<port>[0-9]{0,5}))?")
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_WRONG_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})[^\W_]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = "!$&'()*+,;=:@/~"
_IN_QUERY = _IN_PATH + "?"
_IN_URL = "!#$&'()*+,/:;=?@[]~"


def encode_form(pairs: Pairs) -> str:
    """Write a form (``application/x-www-form-urlencoded``).

    Args:
        pairs: The form.

    Returns:
        The form in ASCII.

    Raises:
        TypeError: It is neither a mapping nor pairs.
    """
    flat: list[tuple[str | bytes, object]] = []
    for pair in pairs.items() if isinstance(pairs, Mapping) else pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"a form is a mapping or pairs, and one is a {type(pair).__name__}")
        name, value = pair
        several = value if isinstance(value, Iterable) and not _is_text(value) else (value,)
        flat += [(name, one) for one in several if one is not None]
    return urlencode(flat)


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


def _requoted(url: str) -> str:
    """Undo needless escapes and escape what may not stand in any URL."""
    if _WRONG_ESCAPE.search(url):
        return quote(url, safe=_IN_URL)

    def plain(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0]

    return quote(_ESCAPE.sub(plain, url), safe=_IN_URL + "%")


def _authority(text: str, url: str) -> str:
    if "@" in text:
        raise NotImplementedError(
            "credentials in a URL are not supported: pass headers={'Authorization': ...}"
        )
    match = _HOST_PORT.fullmatch(text)
    port = match["port"] if match else None
    if match is None or int(port or 0) > 65535:
        raise InvalidURL(f"Failed to parse: {url.partition('?')[0]}")
    host = match["host"].lower()
    if not host:
        raise InvalidURL(f"Invalid URL {url!r}: No host supplied")
    if host.startswith(("*", ".")):
        raise InvalidURL("URL has an invalid label.")
    if not host.isascii():
        raise InvalidURL(f"the host {host!r} is not ASCII: write it in its xn-- form")
    return f"{host}:{port}" if port else host


def prepare_url(url: str | bytes, params: "Pairs | str | bytes | None") -> str:
    """Write a URL as ``requests`` does.

    Args:
        url: An absolute URL. What may not stand in it is escaped.
        params: Added to its query: a form, or text as it is.

    Returns:
        The URL.

    Raises:
        InvalidSchema: Its scheme is neither ``http`` nor ``https``.
        InvalidURL: It is malformed.
        MissingSchema: It has no scheme.
        NotImplementedError: It holds credentials.
        TypeError: The params are no form.
    """
    text = (url.decode() if isinstance(url, bytes) else str(url)).lstrip()
    if ":" in text and not text.lower().startswith("http"):
        raise InvalidSchema(f"No connection adapters were found for {text!r}")
    match = _URL.fullmatch("//" + text if _RELATIVE.match(text) else text)
    if match is None or not match["scheme"]:
        raise MissingSchema(
            f"Invalid URL {text!r}: No scheme supplied. Perhaps you meant https://{text}?"
        )
    scheme = match["scheme"].lower()
    if not match["authority"]:
        raise InvalidURL(f"Invalid URL {text!r}: No host supplied")
    if scheme not in {"http", "https"}:
        raise InvalidSchema(f"No connection adapters were found for {text!r}")
    authority = _authority(match["authority"], text)
    path = _escaped(_without_dots(match["path"]), _IN_PATH) if match["path"] else "/"
    query = _escaped(match["query"] or "", _IN_QUERY)
    fragment = _escaped(match["fragment"] or "", _IN_QUERY)
    if isinstance(params, bytes):
        params = params.decode("ascii")
    more = params if isinstance(params, str) else encode_form(params or ())
    query = f"{query}&{more}" if query and more else query or more
    whole = f"{scheme}://{authority}{path}" + (f"?{query}" if query else "")
    return _requoted(whole + (f"#{fragment}" if fragment else ""))
