"""What libraries take from ``requests.utils``: headers, links, encodings, URLs, cookies."""

import codecs
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from fastly_compute.requests.certs import where
from fastly_compute.requests.cookies import CookieJar, RequestsCookieJar, cookiejar_from_dict
from fastly_compute.requests.older_utils import (
    check_header_validity,
    dict_to_sequence,
    from_key_val_list,
    get_encodings_from_content,
    get_environ_proxies,
    get_netrc_auth,
    get_unicode_from_response,
    guess_filename,
    iter_slices,
    list_items,
    parse_list_header,
    prepend_scheme_if_needed,
    resolve_proxies,
    rewind_body,
    select_proxy,
    should_bypass_proxies,
    stream_decode_response_unicode,
    unquote_header_value,
)
from fastly_compute.requests.refused import module_getattr
from fastly_compute.requests.structures import CaseInsensitiveDict
from fastly_compute.requests.urls import requote_uri, split_url, unquote_unreserved

__all__ = [
    "DEFAULT_ACCEPT_ENCODING",
    "DEFAULT_CA_BUNDLE_PATH",
    "DEFAULT_PORTS",
    "add_dict_to_cookiejar",
    "check_header_validity",
    "default_headers",
    "default_user_agent",
    "dict_from_cookiejar",
    "dict_to_sequence",
    "from_key_val_list",
    "get_auth_from_url",
    "get_encoding_from_headers",
    "get_encodings_from_content",
    "get_environ_proxies",
    "get_netrc_auth",
    "get_unicode_from_response",
    "guess_filename",
    "guess_json_utf",
    "iter_slices",
    "parse_dict_header",
    "parse_header_links",
    "parse_list_header",
    "prepend_scheme_if_needed",
    "quote",
    "requote_uri",
    "resolve_proxies",
    "rewind_body",
    "select_proxy",
    "should_bypass_proxies",
    "stream_decode_response_unicode",
    "super_len",
    "to_key_val_list",
    "to_native_string",
    "unquote",
    "unquote_header_value",
    "unquote_unreserved",
    "urldefragauth",
]

__getattr__ = module_getattr("utils")

DEFAULT_ACCEPT_ENCODING = "gzip"
DEFAULT_CA_BUNDLE_PATH = where()
"""A value that ``verify`` treats like True; not the path of a file."""
DEFAULT_PORTS = {"http": 80, "https": 443}
UNRESERVED_SET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
NETRC_FILES = (".netrc", "_netrc")
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS = {
    (): "utf-8",
    (0, 2): "utf-16-be",
    (1, 3): "utf-16-le",
    (0, 1, 2): "utf-32-be",
    (1, 2, 3): "utf-32-le",
}


def default_user_agent(name: str = "fastly-compute-requests") -> str:
    """Return the User-Agent that is sent by default."""
    return name


_DEFAULT_HEADERS = CaseInsensitiveDict(
    {
        "User-Agent": default_user_agent(),
        "Accept-Encoding": DEFAULT_ACCEPT_ENCODING,
        "Accept": "*/*",
    }
)
DEFAULT_FIELDS = frozenset(_DEFAULT_HEADERS.items())
"""The headers of a new session, which need no check."""


def default_headers() -> CaseInsensitiveDict[str]:
    """Return the headers of a new session."""
    return _DEFAULT_HEADERS.copy()


def to_native_string(string: str | bytes, encoding: str = "ascii") -> str:
    """Return text as a ``str``."""
    return string.decode(encoding) if isinstance(string, bytes) else string


def to_key_val_list(value: Any) -> list[Any] | None:
    """Return a mapping or pairs as a list of pairs.

    Raises:
        ValueError: It is a single value.
    """
    if value is None:
        return None
    if isinstance(value, str | bytes | bool | int):
        raise ValueError(  # noqa: TRY004 - as in requests
            "cannot encode objects that are not 2-tuples"
        )
    return list(value.items() if isinstance(value, Mapping) else value)


def super_len(o: Any) -> int:
    """Return how many bytes are left of a body; 0 if that is unknown."""
    if isinstance(o, str):
        o = o.encode()
    if isinstance(o, memoryview):
        return o.nbytes  # its length counts items
    total = len(o) if hasattr(o, "__len__") else getattr(o, "len", None)
    at = 0
    if hasattr(o, "tell"):
        try:
            at = o.tell()
            if total is None:
                o.seek(0, 2)
                total = o.tell()
                o.seek(at)
        except (AttributeError, OSError):
            return 0
    left: int = (total or 0) - at
    return max(0, left)


def get_auth_from_url(url: str) -> tuple[str, str]:
    """Return the user name and the password of a URL; empty texts if it does not have both.

    Raises:
        InvalidURL: It is malformed.
    """
    parts = split_url(url)
    if parts.username is None or parts.password is None:
        return "", ""
    return unquote(parts.username), unquote(parts.password)


def urldefragauth(url: str) -> str:
    """Return a URL without its fragment, user name and password; ``//`` leads one with no scheme.

    Raises:
        InvalidURL: It is malformed.
    """
    parts = split_url(url)
    # Without a scheme, or without slashes after it, it still begins with the host.
    netloc, slash, path = (
        (parts.netloc, "", parts.path) if parts.netloc else parts.path.partition("/")
    )
    return parts._replace(netloc=netloc.rpartition("@")[2], path=slash + path, fragment="").geturl()


def dict_from_cookiejar(cj: CookieJar) -> dict[str, str | None]:
    """Return the names and values of a jar's cookies."""
    return {cookie.name: cookie.value for cookie in cj}


def add_dict_to_cookiejar(
    cj: RequestsCookieJar, cookie_dict: Mapping[str, str]
) -> RequestsCookieJar:
    """Put names and values into a jar, and return it."""
    return cookiejar_from_dict(cookie_dict, cj)


def parse_dict_header(value: str) -> dict[str, str | None]:
    """Read a header of the form ``name=value, name="value"``; a name alone has None."""
    found: dict[str, str | None] = {}
    for item in list_items(value):
        name, equals, text = item.partition("=")
        if name:
            found[name] = _unquoted(text) if equals else None
    return found


def _unquoted(text: str) -> str:
    is_quoted = text[:1] == text[-1:] == '"'
    return unquote_header_value(text[1:-1]) if is_quoted else text


def parse_header_links(value: str) -> list[dict[str, str]]:
    """Read a Link header (RFC 8288).

    Args:
        value: The header.

    Returns:
        For each link a dict with its ``url`` and its parameters.
    """
    links = []
    strange = " '\""
    text = value.strip(strange)
    for part in re.split(", *<", text) if text else ():
        target, _, parameters = part.partition(";")
        link = {"url": target.strip("<> '\"")}
        for parameter in parameters.split(";"):
            name, *values = parameter.split("=")
            if len(values) != 1:
                break
            link[name.strip(strange)] = values[0].strip(strange)
        links.append(link)
    return links


def get_encoding_from_headers(headers: Mapping[str, str]) -> str | None:
    """Find the encoding that a Content-Type stands for, by the rules of ``requests``."""
    content_type = headers.get("content-type")
    if not content_type:
        return None
    kind, *parameters = content_type.split(";")
    for parameter in reversed(parameters):
        name, equals, value = parameter.partition("=")
        if equals and name.strip("\"' ").lower() == "charset":
            return value.strip("\"' ")
    if "text" in kind:
        return "ISO-8859-1"
    return "utf-8" if "application/json" in kind else None


def json_text(content: bytes) -> str | None:
    """Decode JSON by the UTF that it is in; None for some other encoding, against the RFC."""
    encoding = guess_json_utf(content) if len(content) > 3 else None
    try:
        return None if encoding is None else content.decode(encoding)
    except UnicodeDecodeError:
        return None


def guess_json_utf(data: bytes) -> str | None:
    """Tell which UTF a JSON text is in, from its first four bytes (RFC 4627, section 3)."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(at for at, byte in enumerate(data[:4]) if byte == 0))
