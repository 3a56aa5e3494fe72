"""How a stored response answers a request: whole, as a range, or as not modified."""

import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from fastly_compute.local.readthrough.freshness import values
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state import ResponseHead
from fastly_compute.local.whole_number import whole_number

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*")
_MOST_BYTES = (1 << 63) - 1
_OK = 200
_PARTIAL = 206
_NOT_MODIFIED = 304
_NOT_SATISFIABLE = 416
_KEPT_UNMODIFIED = frozenset(
    {
        "age",
        "cache-control",
        "content-location",
        "date",
        "etag",
        "expires",
        "last-modified",
        "vary",
    }
)

CONDITIONS = frozenset(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"}
)
"""The request headers that ask for something other than the whole response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A response made from a stored one.

    Attributes:
        status: The status.
        headers: The headers.
        start: The offset of the first byte of the stored body to send.
        end: The offset after the last byte, or None for the end. Equal to `start` if the body is
            empty.
    """

    status: int
    headers: list[tuple[str, bytes]] = field(repr=False)
    start: int = 0
    end: int | None = None


def select(method: str, asked: RawHeaders, head: ResponseHead, length: int | None) -> Selected:
    """Choose what to return (RFC 9110, sections 13 and 14).

    Args:
        method: The request's method, GET or HEAD.
        asked: The request's headers.
        head: The stored response.
        length: The length of its body, if known.
    """
    headers = list(head.headers)
    if head.status == _OK and _unchanged(asked, head):
        kept = [(name, value) for name, value in headers if name.lower() in _KEPT_UNMODIFIED]
        return Selected(status=_NOT_MODIFIED, headers=kept, end=0)
    if method == "HEAD":
        return Selected(status=head.status, headers=headers, end=0)
    if head.status == _OK and length is not None and _range_applies(asked, head):
        part = _part(next(values(asked, "range"), ""), length)
        if part is not None:
            return _partial(headers, part, length)
    return Selected(status=head.status, headers=headers)


def validators(head: ResponseHead) -> list[tuple[str, bytes]]:
    """Return the headers that ask an origin whether a stored response is still valid."""
    pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
    found = [(condition, head.first(name)) for condition, name in pairs]
    return [(condition, value) for condition, value in found if value is not None]


def _unchanged(asked: RawHeaders, head: ResponseHead) -> bool:
    tags = [tag.strip() for text in values(asked, "if-none-match") for tag in text.split(",")]
    if tags:
        own = head.first("etag")
        if own is None:
            return "*" in tags
        return "*" in tags or _weak(own.decode("latin-1")) in map(_weak, tags)
    since, changed = next(values(asked, "if-modified-since"), None), head.first("last-modified")
    if since is None or changed is None:
        return False
    try:
        limit = parsedate_to_datetime(since)
        return parsedate_to_datetime(changed.decode("latin-1")) <= limit
    except (OverflowError, TypeError, ValueError):
        return False


def _weak(tag: str) -> str:
    return tag.removeprefix("W/")


def _range_applies(asked: RawHeaders, head: ResponseHead) -> bool:
    condition = next(values(asked, "if-range"), None)
    if condition is None:
        return True
    validator = head.first("etag" if condition.endswith('"') else "last-modified")
    # A weak tag does not guarantee that the bytes are the same.
    return validator == condition.encode("latin-1") and not condition.startswith("W/")


def _part(text: str, length: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a range; first > last if it is out of range."""
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        last = whole_number(found[2], _MOST_BYTES) or 0
        return (max(0, length - last), length - 1) if last else (length, 0)
    first = whole_number(found[1], _MOST_BYTES) or 0
    last = (whole_number(found[2], _MOST_BYTES) or 0) if found[2] else length
    if found[2] and last < first:
        return None
    return first, min(last, length - 1)


def _partial(headers: list[tuple[str, bytes]], part: tuple[int, int], length: int) -> Selected:
    first, last = part
    rest = [item for item in headers if item[0].lower() not in {"content-length", "content-range"}]
    if first > last:
        rest = [item for item in rest if not item[0].lower().startswith("content-")]
        rest += [
            ("Content-Range", b"bytes */%d" % length),
            ("Content-Length", b"0"),
        ]
        return Selected(status=_NOT_SATISFIABLE, headers=rest, end=0)
    rest += [
        ("Content-Range", b"bytes %d-%d/%d" % (first, last, length)),
        ("Content-Length", b"%d" % (last - first + 1)),
    ]
    return Selected(status=_PARTIAL, headers=rest, start=first, end=last + 1)
