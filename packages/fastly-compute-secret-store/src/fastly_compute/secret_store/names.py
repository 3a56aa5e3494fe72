"""What a secret store, and a secret in it, can be called."""

import re

from fastly_compute.secret_store.errors import InvalidName

_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")


def checked(name: str, what: str) -> str:
    """Check a name before the host is asked.

    Args:
        name: The name.
        what: What it names, for the error: ``store name`` or ``key``.

    Returns:
        The name.

    Raises:
        TypeError: It is no ``str``.
        InvalidName: It is not 1 to 255 of ``A-Z a-z 0-9 . _ -``.
    """
    if not isinstance(name, str):
        raise TypeError(f"a {what} is a str, not {type(name).__name__}")
    if _NAME.fullmatch(name) is None:
        raise InvalidName(what, name)
    return name
