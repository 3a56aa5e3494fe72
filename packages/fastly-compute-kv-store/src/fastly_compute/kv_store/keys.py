"""The names that stores and keys can have."""

import re

from fastly_compute.core.texts import utf8_size
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
    try:
        size = utf8_size(key, field="a key")
    except ValueError:
        rule: str | None = "must not contain a surrogate, which UTF-8 cannot represent"
    else:
        rule = _problem(key, size)
    if rule:
        raise InvalidKey(key, rule)
    return key


def _problem(key: str, size: int) -> str | None:
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
    try:
        size = utf8_size(name, field="a store name")
    except ValueError:
        size = 0
    if not size or len(name) > 255:
        raise InvalidKVOption("name", "must have 1 to 255 characters, and no surrogates")
    return name


def option_size(option: str, text: str) -> int:
    """Return how many bytes the text of an option has in UTF-8.

    Raises:
        TypeError: It is not a ``str``.
        InvalidKVOption: UTF-8 cannot represent it.
    """
    try:
        return utf8_size(text, field=option)
    except ValueError:
        raise InvalidKVOption(option, "must not contain surrogates") from None
