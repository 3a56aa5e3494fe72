"""The names that a config store and its keys can have."""

from fastly_compute.config_store.errors import InvalidConfigName

LONGEST = {"store name": 255, "key": 256}
"""The most characters of each kind of name."""


def checked(name: str, what: str) -> str:
    """Validate a name before the host is called; which characters it may have is up to the host.

    Args:
        name: The name.
        what: What it is: ``store name`` or ``key``.

    Returns:
        The name.

    Raises:
        TypeError: It is not a ``str``.
        InvalidConfigName: It is empty, too long, or cannot be encoded as UTF-8.
    """
    if not isinstance(name, str):
        raise TypeError(f"a {what} must be a str, not {type(name).__name__}")
    if not 1 <= len(name) <= LONGEST[what]:
        rule = f"has 1 to {LONGEST[what]} characters, not {len(name)}"
        raise InvalidConfigName(what, name, rule)
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise InvalidConfigName(what, name, f"must be valid Unicode, not {name!r} (surrogates)")
    return name
