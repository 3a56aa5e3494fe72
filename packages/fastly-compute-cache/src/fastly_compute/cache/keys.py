"""Cache keys and surrogate keys."""

from collections.abc import Sequence
from hashlib import sha256

from fastly_compute.cache.errors import InvalidCacheOption, InvalidKey

_LONGEST = 4096
_LONGEST_SURROGATE = 1024
_LONGEST_SURROGATES = 16 * 1024


def key_bytes(key: str | bytes) -> bytes:
    """Validate a key and return its bytes; text is encoded as UTF-8."""
    if not isinstance(key, str | bytes):
        raise TypeError(f"a cache key must be str or bytes, not {type(key).__name__}")
    try:
        raw = key.encode() if isinstance(key, str) else key
    except UnicodeEncodeError as error:
        raise InvalidKey(f"a cache key is text that UTF-8 can hold, not {key[:64]!r}") from error
    if not 1 <= len(raw) <= _LONGEST:
        raise InvalidKey(f"a cache key has 1 to {_LONGEST} bytes, not {len(raw)}")
    return raw


def purge_key(key: bytes) -> str:
    """Return the surrogate key that purges a key of the simple cache."""
    return f"simple-{sha256(key).hexdigest()}"


def surrogate_keys(keys: str | Sequence[str] | None, *, option: str) -> str | None:
    """Validate surrogate keys and return them as the host expects them, separated by spaces.

    Args:
        keys: Keys separated by single spaces, or a sequence of keys.
        option: The name of the caller's option, for the error.

    Raises:
        InvalidCacheOption: A key is invalid.
        TypeError: A key is not a str.
    """
    if keys is None:
        return None
    items = keys.split(" ") if isinstance(keys, str) else list(keys)
    for item in items:
        if not isinstance(item, str):
            raise TypeError(f"{option} must be str or a sequence of str, not {type(item).__name__}")
        visible = item.isascii() and item.isprintable() and " " not in item
        if not (visible and 1 <= len(item) <= _LONGEST_SURROGATE):
            raise InvalidCacheOption(
                option, f"a surrogate key has 1 to 1024 visible ASCII characters, not {item[:64]!r}"
            )
    joined = " ".join(items)
    if not 1 <= len(joined) <= _LONGEST_SURROGATES:
        raise InvalidCacheOption(option, "all keys together must have 1 to 16384 characters")
    return joined
