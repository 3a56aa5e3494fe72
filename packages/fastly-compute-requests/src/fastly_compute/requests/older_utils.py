"""What ``requests.utils`` has for programs that were written for earlier versions of it."""

import codecs
import os
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastly_compute import http
from fastly_compute.requests.exceptions import InvalidHeader

if TYPE_CHECKING:
    from fastly_compute.requests.models import PreparedRequest
    from fastly_compute.requests.response import Response

_CHARSETS = (
    re.compile(r'<meta.*?charset=["\']*(.+?)["\'>]', re.IGNORECASE),
    re.compile(r'<meta.*?content=["\']*;?charset=(.+?)["\'>]', re.IGNORECASE),
    re.compile(r'^<\?xml.*?encoding=["\']*(.+?)["\'>]'),
)


def dict_to_sequence(d: Any) -> Any:
    """Return the items of a mapping; anything else as it is."""
    return d.items() if hasattr(d, "items") else d


def from_key_val_list(value: Any) -> "OrderedDict[Any, Any] | None":
    """Return a mapping or pairs as an ordered dict.

    Raises:
        ValueError: It is a single value.
    """
    if value is None:
        return None
    if isinstance(value, str | bytes | bool | int):
        raise ValueError(  # noqa: TRY004 - as in requests
            "cannot encode objects that are not 2-tuples"
        )
    return OrderedDict(value)


def unquote_header_value(value: str, is_filename: bool = False) -> str:
    r"""Take the quotes off a value, as browsers do; the ``\\`` that begins a file name stays."""
    if value and value[0] == value[-1] == '"':
        value = value[1:-1]
        if not is_filename or not value.startswith("\\\\"):
            value = value.replace("\\\\", "\\").replace('\\"', '"')
    return value


def list_items(value: str) -> list[str]:
    """Cut a header at the commas that are not quoted, and undo the escapes of what is."""
    items, item, is_quoted, is_escaped = [], "", False, False
    for character in value:
        if not is_quoted and character == ",":
            items.append(item)
            item = ""
        elif is_quoted and not is_escaped and character == "\\":
            is_escaped = True
        else:
            is_quoted ^= character == '"' and not is_escaped
            is_escaped = False
            item += character
    # A comma at the end is followed by nothing.
    return [text.strip() for text in ([*items, item] if item else items)]


def parse_list_header(value: str) -> list[str]:
    """Read a header of the form ``one, "another"``."""
    return [
        unquote_header_value(item[1:-1]) if item[:1] == item[-1:] == '"' else item
        for item in list_items(value)
    ]


def get_encodings_from_content(content: str) -> list[str]:
    """Return the encodings that a page of HTML or XML names."""
    return [name for pattern in _CHARSETS for name in pattern.findall(content)]


def get_unicode_from_response(r: "Response") -> str | None:
    """Return the body as text, in the charset of its Content-Type or else in UTF-8."""
    return None if r.content is None else r.text


def iter_slices(string: Any, slice_length: int | None) -> Iterator[Any]:
    """Cut text or bytes into slices; None or 0 for one slice."""
    if slice_length is None or slice_length <= 0:
        slice_length = len(string) or 1
    return (string[at : at + slice_length] for at in range(0, len(string), slice_length))


def stream_decode_response_unicode(
    iterator: Iterable[bytes], r: "Response"
) -> Iterator[str | bytes]:
    """Decode pieces of a body, if the response has an encoding."""
    if r.encoding is None:
        yield from iterator
        return
    decoder = codecs.getincrementaldecoder(r.encoding)(errors="replace")
    for piece in iterator:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def guess_filename(obj: Any) -> str | None:
    """Return the name of a file without its folders, if it has one."""
    name = getattr(obj, "name", None)
    if name and isinstance(name, str | bytes) and name[:1] not in ("<", b"<"):
        return os.path.basename(name)  # type: ignore[return-value]  # noqa: PTH119 - no pathlib in the guest
    return None


def check_header_validity(header: tuple[str | bytes, str | bytes]) -> None:
    """Check a header.

    Args:
        header: Its name and value.

    Raises:
        InvalidHeader: It cannot be sent.
    """
    name, value = (part.decode("latin-1") if isinstance(part, bytes) else part for part in header)
    if not isinstance(name, str) or not isinstance(value, str):
        wrong = name if not isinstance(name, str) else value
        raise InvalidHeader(
            f"header {name!r} must have a name and a value of str or bytes, not "
            f"{type(wrong).__name__}"
        )
    try:
        http.Headers([(name, value.rstrip(" \t"))])
    except http.InvalidHeader as error:
        raise InvalidHeader(str(error)) from error


def rewind_body(prepared_request: "PreparedRequest") -> None:
    """Go back to where the body of a request began.

    Raises:
        UnrewindableBodyError: It cannot be read again.
    """
    prepared_request.rewind()


def prepend_scheme_if_needed(url: str, new_scheme: str) -> str:
    """Put a scheme before a URL that has none."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        return url
    return f"{new_scheme}://{url.removeprefix('//')}"


def get_netrc_auth(url: str, raise_errors: bool = False) -> tuple[str, str] | None:
    """Return None: no ``.netrc`` is read."""
    return None


def get_environ_proxies(url: str, no_proxy: str | None = None) -> dict[str, str]:
    """Return no proxies: the environment is not read."""
    return {}


def should_bypass_proxies(url: str, no_proxy: str | None = None) -> bool:
    """Return True: proxies are not supported."""
    return True


def select_proxy(url: str, proxies: Mapping[str, str] | None) -> str | None:
    """Find the proxy for a URL in a mapping of schemes, and of schemes with hosts, to proxies."""
    parts = urlsplit(url)
    keys = [parts.scheme, "all"]
    if parts.hostname is not None:
        host = parts.hostname
        keys = [f"{parts.scheme}://{host}", parts.scheme, f"all://{host}", "all"]
    return next((proxies[key] for key in keys if key in proxies), None) if proxies else None


def resolve_proxies(
    request: Any, proxies: Mapping[str, str] | None, trust_env: bool = True
) -> dict[str, str]:
    """Return a copy of the proxies: the environment adds none."""
    return dict(proxies or {})
