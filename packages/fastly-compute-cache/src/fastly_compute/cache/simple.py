"""The simple cache: values by key, for a time."""

from collections.abc import Callable
from typing import TypeAlias

from fastly_compute.cache.entry import Entry, insert, lookup, transaction
from fastly_compute.cache.keys import key_bytes, purge_key
from fastly_compute.cache.options import WriteOptions
from fastly_compute.cache.purge import purge_surrogate_key
from fastly_compute.core import Duration
from fastly_compute.http import Body, BodyLike, StreamingBody

Key: TypeAlias = str | bytes


def get(key: Key) -> Body | None:
    """Return the value of a key, or None.

    Args:
        key: The key, 1 to 4096 bytes; text is UTF-8.

    Returns:
        The value, not yet read.

    Raises:
        InvalidKey: It can be no key.
        CacheCallFailed: The host refused the lookup.

    Example:
        >>> from fastly_compute import cache
        >>> def greeting() -> bytes:
        ...     value = cache.get("greeting")
        ...     return b"hello" if value is None else value.read()
    """
    with lookup(_inner(key)) as entry:
        return entry.body() if entry.usable else None


def set(key: Key, value: BodyLike, *, ttl: Duration) -> None:  # noqa: A001 - the cache's own word
    """Put a value under a key, in the place of any other.

    Args:
        key: As for `get`.
        value: Bytes, text (as UTF-8), a binary file, an iterable of bytes, or a body, which is not
            read here.
        ttl: How long it is kept: a `datetime.timedelta` or a number of seconds, from 0 on.

    Raises:
        InvalidKey: It can be no key.
        InvalidCacheOption: The time is none.
        BodyError: Passing the value to the host failed; then nothing is stored.

    Example:
        >>> from fastly_compute import cache
        >>> def remember(name: str) -> None:
        ...     cache.set(f"seen {name}", b"yes", ttl=3600)
    """
    with insert(_inner(key), _options(key, ttl)) as into:
        _fill(into, value)


def get_or_set(key: Key, make: Callable[[], BodyLike], *, ttl: Duration) -> Body:
    """Return the value of a key; where there is none, make it and keep it.

    Of several that find none at a time, one makes it, and the others wait for it. If it fails, its
    exception is raised, nothing is kept, and the next one makes it.

    Args:
        key: As for `get`.
        make: Returns the value, as for `set`.
        ttl: As for `set`.

    Returns:
        The value, not yet read.

    Raises:
        InvalidKey: It can be no key.
        InvalidCacheOption: The time is none.
        BodyError: Passing the value to the host failed.
        Exception: Whatever *make* raises.

    Example:
        >>> from fastly_compute import cache
        >>> from fastly_compute.http import Request, Response
        >>> def rates() -> Response:
        ...     url = "https://bank.example/rates"
        ...     return Response(body=cache.get_or_set("rates", Request("GET", url).send, ttl=60))
    """
    options = _options(key, ttl)
    with transaction(_inner(key)) as entry:
        if not entry.must_insert_or_update:
            return entry.body()
        value = make()
        into, back = entry.insert_and_stream_back(options)
        return _stored(into, back, value)


def _stored(into: StreamingBody, back: Entry, value: BodyLike) -> Body:
    with back:
        with into:
            _fill(into, value)
        return back.body()


def purge(key: Key) -> None:
    """Forget the value of a key, everywhere.

    Args:
        key: As for `get`.

    Raises:
        InvalidKey: It can be no key.
        CacheCallFailed: The host refused it.

    Example:
        >>> from fastly_compute import cache
        >>> def forget(name: str) -> None:
        ...     cache.purge(f"seen {name}")
    """
    purge_surrogate_key(purge_key(key_bytes(key)))


def _inner(key: Key) -> bytes:
    # The same key in the core cache is another object.
    return b"simple " + bytes.fromhex(purge_key(key_bytes(key)).removeprefix("simple-"))


def _options(key: Key, ttl: Duration) -> WriteOptions:
    return WriteOptions(max_age=ttl, surrogate_keys=[purge_key(key_bytes(key))])


def _fill(into: StreamingBody, value: BodyLike) -> None:
    body = value if isinstance(value, Body) else Body(value)
    if body._is_produced:
        with body:
            for piece in body.iter_bytes():
                into.write(piece)
    else:
        into.append(body)
