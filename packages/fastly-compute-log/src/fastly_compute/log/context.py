"""The ID of the request that a record belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("fastly_compute.log.request_id", default=None)


@contextmanager
def request_id(value: str | None) -> Iterator[None]:
    """Set the request ID that `JSONFormatter` adds to each record, inside a ``with`` block.

    Args:
        value: The ID, such as ``request.request_id`` of an `IncomingRequest`; None for no ID.

    Example:
        >>> import logging
        >>> from fastly_compute.log import request_id
        >>> with request_id("4f1c"):
        ...     logging.getLogger("shop").info("a visitor")
    """
    token = _current.set(value)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> str | None:
    """Return the ID that is set."""
    return _current.get()
