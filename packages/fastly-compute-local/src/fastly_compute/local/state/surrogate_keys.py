"""Surrogate keys: the names that cached objects are purged by."""

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
        raise ValueError(f"a surrogate key is {len(text)} bytes long, more than {_MOST_EACH}")
    if not _KEY.fullmatch(text):
        raise ValueError(f"the surrogate key {text!r} is not visible ASCII")
    return text


def surrogate_keys(text: str) -> frozenset[str]:
    """Read keys with spaces between them.

    Raises:
        ValueError: They are longer than 16 KiB together, or one of them is not allowed.
    """
    if len(text.encode()) > _MOST_TOGETHER:
        raise ValueError(f"the surrogate keys are longer than {_MOST_TOGETHER} bytes together")
    return frozenset(surrogate_key(key) for key in text.split(" ") if key)
