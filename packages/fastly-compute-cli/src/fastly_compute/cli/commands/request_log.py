"""The log of requests that `serve` prints: lines for people, profiles, or JSON."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import click

from fastly_compute.local import Host, RequestRecord

OnRequest = Callable[[Host, RequestRecord], None]
"""Is called with each request that has been served."""

_CALLS = 12
"""Most functions of the host that a readable profile lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """How each request is logged.

    Attributes:
        style: ``text``: a line for people, where the app's output goes, the standard error;
            ``json``: one JSON object per line, to the standard output; ``none``: nothing.
        profile: Whether host calls are counted and timed, and printed too.
    """

    style: Literal["text", "json", "none"] = "text"
    profile: bool = False

    @property
    def owns_output(self) -> bool:
        """Whether the standard output is for the log alone."""
        return self.style == "json"

    @property
    def on_request(self) -> OnRequest | None:
        """The function that prints; None for nothing."""
        return None if self.style == "none" else self._print

    def _print(self, _host: Host, record: RequestRecord) -> None:
        # In one piece: other requests end at the same time.
        if self.style == "json":
            click.echo(json.dumps(as_object(record, profile=self.profile)))
        else:
            lines = profile_lines(record) if self.profile else ()
            click.echo("\n".join([record.summary(), *lines]), err=True)


def as_object(record: RequestRecord, *, profile: bool) -> dict[str, object]:
    """Return a record as an object for JSON; times are in milliseconds.

    Args:
        record: The record.
        profile: Whether the host calls were profiled.
    """
    fields: dict[str, object] = {
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "ms": _ms(record.seconds),
        "aborted": record.aborted,
        "request_bytes": record.request_bytes,
        "response_bytes": record.response_bytes,
        "backend_calls": record.backend_calls,
        "backend_ms": _ms(record.backend_seconds),
        "cache": {
            "hit": record.cache.get("hit", 0),
            "stale": record.cache.get("stale", 0),
            "miss": record.cache.get("miss", 0),
            "pass": record.cache.get("pass", 0),
        },
    }
    if profile:
        fields |= {
            "waited_ms": _ms(record.waited_seconds),
            "python_ms": _ms(record.guest_seconds),
            "host_ms": _ms(record.host_seconds),
            "python_read_bytes": record.guest_read_bytes,
            "python_written_bytes": record.guest_written_bytes,
            "host_calls": {
                name: {"count": tally.count, "ms": _ms(tally.seconds)}
                for name, tally in sorted(record.host_calls.items())
            },
        }
    return fields


def profile_lines(record: RequestRecord) -> Iterator[str]:
    """Write for people how a request spent its time."""
    calls = sum(tally.count for tally in record.host_calls.values())
    yield (
        f"    Python {_written(record.guest_seconds)} ms, {calls} host calls "
        f"{_written(record.host_seconds)} ms, before the sandbox "
        f"{_written(record.waited_seconds)} ms"
    )
    yield (
        f"    body {_size(record.request_bytes)} in, {_size(record.response_bytes)} out; Python "
        f"read {_size(record.guest_read_bytes)}, wrote {_size(record.guest_written_bytes)}"
    )
    if passed := record.cache.get("pass"):
        yield f"    {passed} of the backend calls bypassed the cache"
    slowest = sorted(record.host_calls.items(), key=lambda item: -item[1].seconds)
    for name, tally in slowest[:_CALLS]:
        yield f"    {_written(tally.seconds):>9} ms {tally.count:6} x {name}"
    others = [tally for _, tally in slowest[_CALLS:]]
    if others:
        seconds, count = sum(tally.seconds for tally in others), sum(one.count for one in others)
        yield f"    {_written(seconds):>9} ms {count:6} x {len(others)} other functions"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _written(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def _size(size: int) -> str:
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1e3:.1f} kB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"
