"""The names that a secret store and its secrets can have."""

import re

from fastly_compute.secret_store.errors import InvalidName

_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")


def checked(name: str, what: str) -> str:
    """Validate a name before the host is called.

    Args:
        name: The name.
        what: What it is, for the error: ``store name`` or ``key``.

    Returns:
        The name.

    Raises:
        TypeError: It is not a ``str``.
        InvalidName: It does not consist of 1 to 255 of the characters ``A-Z a-z 0-9 . _ -``.
    """
    if not isinstance(name, str):
        raise TypeError(f"a {what} must be a str, not {type(name).__name__}")
    if _NAME.fullmatch(name) is None:
        raise InvalidName(what, name)
    return name
