"""Surrogate keys, the names to purge cached responses by."""

from collections.abc import Sequence

_LONGEST = 1024
_LONGEST_TOGETHER = 16 * 1024


def joined_keys(keys: str | Sequence[str], *, field: str) -> str:
    """Validate surrogate keys, and return them as they are sent, separated by spaces.

    Args:
        keys: Text with spaces between keys, or a sequence of keys.
        field: The name of the caller's option, for the error.

    Raises:
        TypeError: They are not text.
        ValueError: A key is invalid, or all of them together are too long.
    """
    if isinstance(keys, str):
        keys = keys.split(" ")
    if not isinstance(keys, Sequence):
        raise TypeError(f"{field} must be a str or a sequence of str, not {type(keys).__name__}")
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(f"each key in {field} must be a str, not {type(key).__name__}")
        if not (key.isascii() and key.isprintable() and key) or " " in key:
            raise ValueError(f"invalid {field} {key!r}: a key must be visible ASCII and not empty")
        if len(key) > _LONGEST:
            raise ValueError(
                f"invalid {field} {key[:32]!r}…: a key must have at most 1024 characters"
            )
    joined = " ".join(keys)
    if not joined or len(joined) > _LONGEST_TOGETHER:
        raise ValueError(f"{field} must have 1 to 16384 characters in all")
    return joined
