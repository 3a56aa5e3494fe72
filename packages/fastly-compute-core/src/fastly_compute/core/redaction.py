"""Header fields that hold credentials, and how they are shown."""

import re

_SENSITIVE = re.compile(
    r"(?:^|[-_])(?:api-?key|auth|authorization|cookie2?|credentials?|jwt|key|pass|passwd|password"
    r"|secret|session(?:-?id)?|sig|signature|token)(?:$|[-_])",
    re.IGNORECASE,
)
# They have such a word in their names, and a value that everybody may see.
_PUBLIC = frozenset({"sec-websocket-key", "surrogate-key"})


def is_sensitive(name: str) -> bool:
    """Tell whether a header field holds a credential or identifies a visitor, judging by its name.

    Args:
        name: The field's name, in any case.

    Returns:
        True for Authorization, Proxy-Authorization, Cookie and Set-Cookie, and for names with a
        word such as key, token, secret, session or signature, as X-Api-Key, Fastly-Key, Grip-Sig
        and X-Amz-Security-Token have it.

    Example:
        >>> from fastly_compute.core import is_sensitive
        >>> is_sensitive("X-Api-Key"), is_sensitive("Surrogate-Key"), is_sensitive("Monkey")
        (True, False, False)
    """
    return _SENSITIVE.search(name) is not None and name.lower() not in _PUBLIC


def redact(name: str, value: str) -> str:
    """Return a header field's value as it may be shown: ``***`` for a sensitive one.

    Args:
        name: The field's name.
        value: Its value.
    """
    return "***" if is_sensitive(name) else value
