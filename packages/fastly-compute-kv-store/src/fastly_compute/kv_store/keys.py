"""The names that stores and keys can have."""

import re

from fastly_compute.kv_store.errors import InvalidKey, InvalidKVOption

_FORBIDDEN = re.compile(r"[\r\n#;?^|]")
# A path segment of one or two dots, at the end or before a slash.
_DOTS = re.compile(r"\.\.?|.*\./.*|.*/\.\.?", re.DOTALL)
_SINGLE = re.compile(r"[\0-\x20\ufffe\uffff]")


def checked_key(key: str) -> str:
    """Validate a key before the host is called.

    Raises:
        TypeError: It is not a ``str``.
        InvalidKey: It violates a rule of the platform.
    """
    if not isinstance(key, str):
        raise TypeError(f"a key must be a str, not {type(key).__name__}")
    if rule := _problem(key):
        raise InvalidKey(key, rule)
    return key


def _problem(key: str) -> str | None:
    size = encoded_size(key)
    if size is None:
        return "must not contain a surrogate, which UTF-8 cannot represent"
    if not 1 <= size <= 1024:
        return "must have 1 to 1024 bytes in UTF-8"
    if key.startswith(".well-known/acme-challenge"):
        return "must not start with .well-known/acme-challenge"
    if _DOTS.fullmatch(key):
        return "must not be . or .., contain ./ or end with /. or /.."
    if _FORBIDDEN.search(key):
        return "must not contain a line break or any of # ; ? ^ |"
    if _SINGLE.fullmatch(key):
        return "must not be a single space, control character, U+FFFE or U+FFFF"
    return None


def checked_store_name(name: str) -> str:
    """Validate a store's name before the host is called.

    Raises:
        TypeError: It is not a ``str``.
        InvalidKVOption: It does not have 1 to 255 characters that UTF-8 can represent.
    """
    if not isinstance(name, str):
        raise TypeError(f"a store name must be a str, not {type(name).__name__}")
    if encoded_size(name) is None or not 1 <= len(name) <= 255:
        raise InvalidKVOption("name", "must have 1 to 255 characters, and no surrogates")
    return name


def encoded_size(text: str) -> int | None:
    """Return how many bytes a text has in UTF-8; None if UTF-8 cannot represent it."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None
