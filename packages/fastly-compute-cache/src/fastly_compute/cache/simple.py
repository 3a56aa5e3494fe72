"""The simple cache: values by key, with a time to live."""

from collections.abc import Callable
from typing import TypeAlias

from fastly_compute.cache.entry import insert, lookup, transaction
from fastly_compute.cache.keys import key_bytes, purge_key
from fastly_compute.cache.options import WriteOptions
from fastly_compute.cache.purge import purge_surrogate_key
from fastly_compute.core import Duration
from fastly_compute.http import Body, BodyLike, StreamingBody

Key: TypeAlias = str | bytes


def get(key: Key) -> Body | None:
    """Return the value of a key, or None.

    Args:
        key: The key, 1 to 4096 bytes; text is encoded as UTF-8.

    Returns:
        The value, not yet read.

    Raises:
        InvalidKey: The key is invalid.
        CacheCallFailed: The host refused the lookup.

    Example:
        >>> from fastly_compute import cache
        >>> def greeting() -> bytes:
        ...     value = cache.get("greeting")
        ...     return b"hello" if value is None else value.read()
    """
    with lookup(inner_key(key)) as entry:
        return entry.body() if entry.usable else None


def set(key: Key, value: BodyLike, *, ttl: Duration) -> None:  # noqa: A001 - Fastly's name
    """Store a value under a key, replacing any existing one.

    Args:
        key: As for `get`.
        value: Bytes, text (encoded as UTF-8), a binary file, an iterable of bytes, or a body, which
            the guest does not read.
        ttl: How long to keep it: a `datetime.timedelta` or a number of seconds, 0 or more.

    Raises:
        InvalidKey: The key is invalid.
        InvalidCacheOption: *ttl* is invalid.
        BodyError: Passing the value to the host failed; nothing is stored.

    Example:
        >>> from fastly_compute import cache
        >>> def remember(name: str) -> None:
        ...     cache.set(f"seen {name}", b"yes", ttl=3600)
    """
    content = _body(value)
    _fill(key, insert(inner_key(key), _options(key, ttl)), content)


def get_or_set(key: Key, make: Callable[[], BodyLike], *, ttl: Duration) -> Body:
    """Return the value of a key; if it is missing, make and store it.

    When several calls miss at the same time, one makes the value and the others wait for it. If
    that fails, its exception is raised, nothing is stored, and the next call makes the value.

    Args:
        key: As for `get`.
        make: Returns the value, as for `set`.
        ttl: As for `set`.

    Returns:
        The value, not yet read.

    Raises:
        InvalidKey: The key is invalid.
        InvalidCacheOption: *ttl* is invalid.
        BodyError: Passing the value to the host failed.
        Exception: Whatever *make* raises.

    Example:
        >>> from fastly_compute import cache
        >>> from fastly_compute.http import Request, Response
        >>> def rates() -> Response:
        ...     request = Request("GET", "https://bank.example/rates")
        ...     body = cache.get_or_set("rates", lambda: request.send("bank").body, ttl=60)
        ...     return Response(body=body)
    """
    options = _options(key, ttl)
    with transaction(inner_key(key)) as entry:
        if not entry.must_insert_or_update:
            return entry.body()
        value = _body(make())
        into, back = entry.insert_and_stream_back(options)
        with back:
            _fill(key, into, value)
            return back.body()


def purge(key: Key) -> None:
    """Remove the value of a key from every cache node.

    Args:
        key: As for `get`.

    Raises:
        InvalidKey: The key is invalid.
        CacheCallFailed: The host refused the call.

    Example:
        >>> from fastly_compute import cache
        >>> def forget(name: str) -> None:
        ...     cache.purge(f"seen {name}")
    """
    purge_surrogate_key(purge_key(key_bytes(key)))


def inner_key(key: Key) -> bytes:
    """Return the key in the core cache, distinct from the same key used there directly."""
    return b"simple " + bytes.fromhex(purge_key(key_bytes(key)).removeprefix("simple-"))


def _options(key: Key, ttl: Duration) -> WriteOptions:
    return WriteOptions(max_age=ttl, surrogate_keys=[purge_key(key_bytes(key))])


def _fill(key: Key, into: StreamingBody, value: Body) -> None:
    try:
        with into:
            into.append(value)
    except BaseException:
        purge(key)  # Viceroy keeps the truncated object, which fails for everyone who reads it
        raise


def _body(value: BodyLike) -> Body:
    return value if isinstance(value, Body) else Body(value)
