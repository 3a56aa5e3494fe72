"""How long Fastly stores a response, and which ones it does not store, as documented.

The rules differ from RFC 9111 where a CDN may differ: Surrogate-Control takes precedence, the
request has no influence, and a response without any directive is fresh for two minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.request import parse_http_list

from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state.vary import VaryRule
from fastly_compute.local.whole_number import whole_number

DEFAULT_TTL = 120
"""Seconds that a response without any directive is fresh."""

PASS_FOR = 120
"""Seconds during which requests do not wait for a response that proved not cacheable."""

_STATUSES = frozenset({200, 203, 300, 301, 302, 404, 410})
_MOST_SECONDS = (1 << 32) - 1
_MOST_BYTES = (1 << 63) - 1
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a response may be used, in seconds.

    Attributes:
        max_age: The age up to which it is fresh.
        initial_age: Its age on arrival.
        stale_while_revalidate: How much longer it may be used while a new one is fetched.
        stale_if_error: How much longer it may be used if no new one can be fetched.
    """

    max_age: int
    initial_age: int
    stale_while_revalidate: int
    stale_if_error: int

    @property
    def lasts(self) -> bool:
        """Whether it may be used at all without asking the origin again."""
        return self.max_age + self.stale_while_revalidate > self.initial_age


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStored:
    """Why a response is not stored.

    Attributes:
        reason: The reason in words.
        remembered: Whether further responses are expected to be the same.
    """

    reason: str
    remembered: bool


def values(headers: RawHeaders, name: str) -> Iterator[str]:
    """Return the values of a field, by its lower-case name."""
    return (value.decode("latin-1") for field, value in headers if field.lower() == name)


def not_stored(status: int, headers: RawHeaders) -> NotStored | None:
    """Return why a response must not be stored, or None if it may be.

    Args:
        status: The status. Only 200, 203, 300, 301, 302, 404 and 410 are stored.
        headers: The headers. `private` and `no-store` are read from Surrogate-Control, and from
            Cache-Control only without a Surrogate-Control.
    """
    if status not in _STATUSES:
        return NotStored(reason=f"its status is {status}", remembered=False)
    directives = _directives(headers, "surrogate-control") or _directives(headers, "cache-control")
    for name in ("private", "no-store"):
        # `private` followed by field names applies to those fields only.
        if name in directives and not directives[name]:
            return NotStored(reason=f"it is {name}", remembered=True)
    if any(values(headers, "set-cookie")):
        return NotStored(reason="it sets a cookie", remembered=True)
    if "*" in _names(values(headers, "vary")):
        return NotStored(reason="it varies by more than request headers", remembered=True)
    try:
        vary_rule(headers)
    except ValueError as error:
        return NotStored(reason=str(error), remembered=True)
    return None


def lifetime(headers: RawHeaders, *, ttl: int | None, swr: int | None, now: float) -> Lifetime:
    """Return how long a response may be used.

    Args:
        headers: The headers.
        ttl: The lifetime in seconds from now, if the request sets it.
        swr: The time for stale-while-revalidate in seconds, if the request sets it.
        now: The time, in seconds since the epoch.
    """
    surrogate = _directives(headers, "surrogate-control")
    cache = _directives(headers, "cache-control")
    age = _seconds(next(values(headers, "age"), "").partition(",")[0]) or 0
    choices = (
        _seconds(surrogate.get("max-age")),
        _seconds(cache.get("s-maxage")),
        _seconds(cache.get("max-age")),
    )
    max_age = next((seconds for seconds in choices if seconds is not None), None)
    if ttl is not None:
        max_age = ttl + age
    elif max_age is None:
        until = _date(headers, "expires")
        if until is None:
            max_age = DEFAULT_TTL
        else:
            # Expires counts from Date, regardless of Age.
            since = _date(headers, "date")
            max_age, age = max(0, int(until - (now if since is None else since))), 0

    def stale(name: str) -> int:
        found = (_seconds(surrogate.get(name)), _seconds(cache.get(name)))
        return next((seconds for seconds in found if seconds is not None), 0)

    return Lifetime(
        max_age=max_age,
        initial_age=age,
        stale_while_revalidate=stale("stale-while-revalidate") if swr is None else swr,
        stale_if_error=stale("stale-if-error"),
    )


def vary_rule(headers: RawHeaders) -> VaryRule:
    """Return which request headers a response depends on.

    Raises:
        ValueError: Vary contains something that is not a header name.
    """
    return VaryRule.of(_names(values(headers, "vary")))


def storable_headers(headers: RawHeaders) -> tuple[tuple[str, bytes], ...]:
    """Return the headers except those for one connection or one client only."""
    dropped = set(_HOP_BY_HOP) | {name.lower() for name in _names(values(headers, "connection"))}
    directives = _directives(headers, "surrogate-control") or _directives(headers, "cache-control")
    for name in ("private", "no-cache"):
        dropped |= {field.lower() for field in _names([directives.get(name) or ""])}
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)


def announced_length(headers: RawHeaders) -> int | None:
    """Return the length of the body that the headers announce."""
    if any(values(headers, "transfer-encoding")):
        return None
    return whole_number(next(values(headers, "content-length"), ""), _MOST_BYTES)


def _directives(headers: RawHeaders, name: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for item in parse_http_list(", ".join(values(headers, name))):
        directive, given, argument = item.partition("=")
        found.setdefault(directive.strip().lower(), argument.strip().strip('"') if given else None)
    found.pop("", None)
    return found


def _names(lists: Iterator[str] | list[str]) -> list[str]:
    return [name.strip() for text in lists for name in text.split(",") if name.strip()]


def _seconds(text: str | None) -> int | None:
    return None if text is None else whole_number(text, _MOST_SECONDS)


def _date(headers: RawHeaders, name: str) -> float | None:
    try:
        return parsedate_to_datetime(next(values(headers, name), "")).timestamp()
    except (OverflowError, ValueError):
        # An invalid date counts as none.
        return None
