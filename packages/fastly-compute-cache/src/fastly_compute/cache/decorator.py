"""The decorator that caches a function's results."""

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
    """Cache the results of a function in the simple cache.

    Results are ``bytes``, ``str`` or JSON values, and are returned with their original type. When
    several calls with the same key run at the same time, one runs the function and the others wait
    for its result. If the function raises, nothing is cached.

    Args:
        ttl: How long to keep a result: a `datetime.timedelta` or a number of seconds, 0 or more.
        key: Returns the key for the arguments, which for a method start with its object. It is a
            key like any other: `purge` removes its value. By default, the key consists of the
            function's module, its name and the arguments as given, which must then be ``str``,
            ``int``, ``float``, ``bool`` or None.

    Returns:
        The decorator.

    Raises:
        InvalidCacheOption: *ttl* is invalid.
        InvalidKey: On a call: the key is invalid, for example too long.
        NotCacheable: On a call: the result cannot be cached, or an argument cannot be part of the
            key.

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
                f"{function.__qualname__} got a {type(value).__name__} argument, which cannot be "
                "part of the default key: pass key= to cached()"
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
        raise NotCacheable(
            f"the result of {function.__qualname__} cannot be stored as JSON: {error}"
        ) from error
    if json.loads(data) != result:
        raise NotCacheable(
            f"the result of {function.__qualname__} would change when stored as JSON: return JSON "
            "values, with str as the keys of dictionaries and lists instead of tuples"
        )
    return b"json", data


def _decoded(kind: bytes | None, data: bytes) -> object:
    if kind == b"bytes":
        return data
    return data.decode() if kind == b"str" else json.loads(data)
