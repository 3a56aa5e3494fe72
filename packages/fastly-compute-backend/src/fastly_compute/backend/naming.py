"""The names of backends: which there can be, and the one that follows from a configuration."""

import hashlib
import re

from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.errors import InvalidBackendName
from fastly_compute.backend.settings import Setting, Settings

LONGEST = 254
"""The most characters that a backend's name has."""

_NAME = re.compile(rf"[ -~]{{1,{LONGEST}}}")
_DIGITS = 40


def checked(name: str) -> str:
    """Check a name before the host is asked.

    Args:
        name: The name.

    Returns:
        The name.

    Raises:
        TypeError: It is no ``str``.
        InvalidBackendName: It is not 1 to 254 printable ASCII characters.
    """
    if not isinstance(name, str):
        raise TypeError(f"a backend's name is a str, not {type(name).__name__}")
    if _NAME.fullmatch(name) is None:
        raise InvalidBackendName(name)
    return name


def derive_name(settings: Settings) -> str:
    """Derive a name: the same for equal settings, in every sandbox, and another for all others.

    Args:
        settings: What the host is to hear.

    Returns:
        Scheme and target, for people, and 160 bits of a SHA-256 digest over everything.
    """
    setters = [(setter, _identity(value)) for setter, value in settings.setters]
    content = repr(("fastly-compute backend 1", settings.target, setters))
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
    scheme = "https" if settings.is_tls else "http"
    return f"{scheme}-{settings.target}"[: LONGEST - 1 - _DIGITS] + f"-{digest}"


def _identity(value: Setting) -> object:
    # A client key counts by where it comes from, or by its digest: it is not read for a name.
    return (value.certificate, value.key._identity) if isinstance(value, ClientCert) else value
