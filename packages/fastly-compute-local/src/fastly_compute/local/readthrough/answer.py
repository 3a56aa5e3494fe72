"""The response that a client gets from a stored one."""

from dataclasses import replace

from fastly_compute.local.readthrough.conditional import select
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state import CachedObject, ResponseHead
from fastly_compute.local.state.cached_object import SECOND
from fastly_compute.local.transport import OriginResponse


def stored_head(stored: CachedObject | None) -> ResponseHead:
    """Return the head of a stored response.

    Raises:
        TypeError: The object is not a response.
    """
    if stored is None or stored.options.head is None:
        raise TypeError("the object stored under a URL is not a response")
    return stored.options.head


def answer(
    method: str, asked: RawHeaders, stored: CachedObject, now: int, *, hit: bool
) -> OriginResponse:
    """Make the response to a request: whole, a range, or not modified.

    Args:
        method: The request's method, GET or HEAD.
        asked: The request's headers.
        stored: The stored response.
        now: The time, in nanoseconds.
        hit: Whether it was in the cache; its age is then stated.
    """
    head = stored_head(stored)
    if hit:
        head = replace(head, headers=_aged(head, stored.age(now)))
    selected = select(method, asked, head, stored.body.length)
    return OriginResponse(
        status=selected.status,
        headers=selected.headers,
        http_version=head.http_version,
        remote_addr=head.remote_addr,
        body=stored.body.reader(selected.start, selected.end),
    )


def _aged(head: ResponseHead, age: int) -> tuple[tuple[str, bytes], ...]:
    rest = (item for item in head.headers if item[0].lower() != "age")
    return (*rest, ("Age", str(age // SECOND).encode()))
