"""The names that a log endpoint can have."""

import re

from fastly_compute.log.errors import InvalidEndpointName

_FORBIDDEN = re.compile("[\r\n:\ud800-\udfff]")
_RESERVED = re.compile("stdout|stderr|fst_managed_.*", re.IGNORECASE | re.DOTALL)


def checked(name: str) -> str:
    """Validate an endpoint's name before the host is called.

    Args:
        name: The name.

    Returns:
        The name.

    Raises:
        TypeError: It is not a ``str``.
        InvalidEndpointName: It is empty, has a CR, LF, colon or surrogate in it, or is reserved by
            the platform: ``stdout``, ``stderr``, or what starts with ``fst_managed_``, in any case.
    """
    if not isinstance(name, str):
        raise TypeError(f"an endpoint name must be a str, not {type(name).__name__}")
    if not name:
        raise InvalidEndpointName(name, "not be empty")
    if _FORBIDDEN.search(name):
        raise InvalidEndpointName(name, f"have no CR, LF, colon or surrogate, not {_shown(name)}")
    if _RESERVED.fullmatch(name):
        raise InvalidEndpointName(name, f"not be {_shown(name)}: the platform keeps it for itself")
    return name


def _shown(name: str) -> str:
    return repr(name) if len(name) <= 300 else f"one of {len(name)} characters"
