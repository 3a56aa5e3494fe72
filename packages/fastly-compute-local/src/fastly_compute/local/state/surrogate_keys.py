"""Surrogate keys, the names to purge cached objects by."""

import re

_MOST_TOGETHER = 16 * 1024
_MOST_EACH = 1024
_KEY = re.compile(r"[\x21-\x7e]*")


def surrogate_key(text: str) -> str:
    """Check one key.

    Returns:
        The key.

    Raises:
        ValueError: It is longer than 1024 bytes, or not visible ASCII.
    """
    if len(text) > _MOST_EACH:
        raise ValueError(f"a surrogate key has {len(text)} bytes, more than {_MOST_EACH}")
    if not _KEY.fullmatch(text):
        raise ValueError(f"the surrogate key {text!r} is not visible ASCII")
    return text


def surrogate_keys(text: str) -> frozenset[str]:
    """Parse the keys that a guest gives, separated by spaces.

    Raises:
        ValueError: They are longer than 16 KiB together, or one of them is not allowed.
    """
    if len(text.encode()) > _MOST_TOGETHER:
        raise ValueError(f"the surrogate keys have more than {_MOST_TOGETHER} bytes together")
    return frozenset(surrogate_key(key) for key in text.split(" ") if key)


def header_keys(text: str) -> frozenset[str]:
    """Parse the keys of a Surrogate-Key header, leaving out invalid ones.

    Fastly reads the first 16 KiB of it, and ignores a key that is cut off there.
    """
    read, rest = text[:_MOST_TOGETHER], text[_MOST_TOGETHER:]
    if rest and not rest.startswith(" "):
        read = read.rpartition(" ")[0]
    return frozenset(key for key in read.split() if len(key) <= _MOST_EACH and _KEY.fullmatch(key))
