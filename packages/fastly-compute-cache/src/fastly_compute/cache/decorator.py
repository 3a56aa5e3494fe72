"""Functions whose results are kept."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from fastly_compute.cache.entry import transaction
from fastly_compute.cache.errors import NotCacheable
from fastly_compute.cache.keys import key_bytes, purge_key
from fastly_compute.cache.options import WriteOptions
from fastly_compute.cache.simple import inner_key
from fastly_compute.core import Duration

P = ParamSpec("P")
R = TypeVar("R")

_PLAIN = (str, int, float, bool, type(None))


def cached(
    *, ttl: Duration, key: Callable[..., str | bytes] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the results of a function in the simple cache.

    Results are ``bytes``, ``str``, or what JSON can hold, and come back as what they were. Of
    several calls at a time with the same key, one runs the function, and the others wait for it.
    Nothing is kept of a call that raises.

    Args:
        ttl: How long a result is kept: a `datetime.timedelta` or a number of seconds, from 0 on.
        key: Makes the key of the arguments, those of a method with its object in front. It is a key
            like all others: `purge` forgets what is under it. By default it is made of the
            function's module and name and its arguments as they are given, which then have to be
            ``str``, ``int``, ``float``, ``bool`` or None.

    Returns:
        The decorator.

    Raises:
        InvalidCacheOption: The time is none.
        InvalidKey: On a call: there can be no such key, for example because it is too long.
        NotCacheable: On a call: the result or an argument cannot be kept.

    Example:
        >>> from fastly_compute import cache
        >>> from fastly_compute.http import Request
        >>> @cache.cached(ttl=60, key=lambda city: f"weather {city}")
        ... def weather(city: str) -> bytes:
        ...     return Request("GET", f"https://weather.example/{city}").send().body.read()
    """
    WriteOptions(max_age=ttl)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            name = _key(function, args, kwargs) if key is None else key(*args, **kwargs)
            with transaction(inner_key(name)) as entry:
                if not entry.must_insert_or_update:
                    return cast("R", _decoded(entry.user_metadata, entry.body().read()))
                result = function(*args, **kwargs)
                kind, data = _encoded(function, result)
                keys = [purge_key(key_bytes(name))]
                options = WriteOptions(max_age=ttl, surrogate_keys=keys, user_metadata=kind)
                with entry.insert(options) as into:
                    into.write(data)
                return result

        return call

    return decorate


def _key(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> str:
    for value in [*args, *kwargs.values()]:
        if not isinstance(value, _PLAIN):
            raise NotCacheable(
                f"{function.__qualname__} got a {type(value).__name__}: give cached() a key= that "
                "makes the key of such arguments"
            )
    return json.dumps([function.__module__, function.__qualname__, args, kwargs], sort_keys=True)


def _encoded(function: Callable[..., object], result: object) -> tuple[bytes, bytes]:
    if isinstance(result, bytes):
        return b"bytes", result
    if isinstance(result, str):
        return b"str", result.encode()
    try:
        data = json.dumps(result, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise NotCacheable(f"the result of {function.__qualname__} is no JSON: {error}") from error
    if json.loads(data) != result:
        raise NotCacheable(
            f"the result of {function.__qualname__} would come back as something else: return "
            "what JSON can hold, with text as the keys of dictionaries, and lists for tuples"
        )
    return b"json", data


def _decoded(kind: bytes | None, data: bytes) -> object:
    if kind == b"bytes":
        return data
    return data.decode() if kind == b"str" else json.loads(data)
