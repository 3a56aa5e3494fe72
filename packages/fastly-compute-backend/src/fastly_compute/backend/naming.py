"""Names of backends: which are valid, and how one is derived from a configuration."""

import hashlib
import re

from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.errors import InvalidBackendName
from fastly_compute.backend.settings import Setting, Settings

LONGEST = 254
"""The maximum length of a backend's name, in characters."""

_NAME = re.compile(rf"[ -~]{{1,{LONGEST}}}")
_DIGITS = 40


def checked(name: str) -> str:
    """Check a name before the host is called.

    Args:
        name: The name.

    Returns:
        The name.

    Raises:
        TypeError: The name is not a ``str``.
        InvalidBackendName: The name is not 1 to 254 printable ASCII characters.
    """
    if not isinstance(name, str):
        raise TypeError(f"a backend's name must be a str, not {type(name).__name__}")
    if _NAME.fullmatch(name) is None:
        raise InvalidBackendName(name)
    return name


def derive_name(settings: Settings) -> str:
    """Derive a name: equal settings have the same name in every sandbox, others a different one.

    Args:
        settings: The settings that the host gets.

    Returns:
        The scheme and target, for readability, and 160 bits of a SHA-256 digest of all settings.
    """
    setters = [(setter, _identity(value)) for setter, value in settings.setters]
    content = repr(("fastly-compute backend 1", settings.target, setters))
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
    scheme = "https" if settings.is_tls else "http"
    return f"{scheme}-{settings.target}"[: LONGEST - 1 - _DIGITS] + f"-{digest}"


def _identity(value: Setting) -> object:
    # A client key is identified by its origin or its digest: it is not read to derive a name.
    return (value.certificate, value.key._identity) if isinstance(value, ClientCert) else value
