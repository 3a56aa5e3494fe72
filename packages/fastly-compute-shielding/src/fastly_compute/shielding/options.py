"""The options of a backend that leads to a shield."""

import re
from typing import NamedTuple

from fastly_compute.core import Duration, milliseconds
from fastly_compute.shielding.errors import InvalidShieldName, InvalidShieldOption

_NAME = re.compile(r"[!-~]{1,255}")
_CACHE_KEY = re.compile(r"[^\0\r\n\ud800-\udfff]+")


class Options(NamedTuple):
    """The options as the host takes them; None is the platform's default."""

    first_byte_timeout_ms: int | None
    between_bytes_timeout_ms: int | None
    cache_key: str | None


def checked_name(name: str) -> str:
    """Validate a shield's name before the host is called.

    Args:
        name: The name.

    Returns:
        The name.

    Raises:
        TypeError: It is not a ``str``.
        InvalidShieldName: It does not consist of 1 to 255 printable ASCII characters, or has a
            space.
    """
    if not isinstance(name, str):
        raise TypeError(f"a shield's name must be a str, not {type(name).__name__}")
    if _NAME.fullmatch(name) is None:
        raise InvalidShieldName(name)
    return name


def checked_options(
    first_byte_timeout: Duration | None,
    between_bytes_timeout: Duration | None,
    cache_key: str | None,
) -> Options:
    """Validate the options before the host is called.

    Raises:
        TypeError: A value is of the wrong type.
        InvalidShieldOption: A duration is negative, not finite or 2^32 ms or more; or the cache
            key is empty, or contains a NUL, a line break or half a surrogate pair.
    """
    if cache_key is not None:
        if not isinstance(cache_key, str):
            raise TypeError(f"cache_key must be a str, not {type(cache_key).__name__}")
        if _CACHE_KEY.fullmatch(cache_key) is None:
            raise InvalidShieldOption(
                "cache_key",
                f"must not be empty or contain a NUL or a line break, not {cache_key[:64]!r}",
            )
    return Options(
        _ms("first_byte_timeout", first_byte_timeout),
        _ms("between_bytes_timeout", between_bytes_timeout),
        cache_key,
    )


def _ms(option: str, value: Duration | None) -> int | None:
    if value is None:
        return None
    try:
        return milliseconds(value, field=option)
    except ValueError as error:
        raise InvalidShieldOption(option, str(error).removeprefix(f"{option} ")) from None
