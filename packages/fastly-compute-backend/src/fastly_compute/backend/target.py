"""The address of a backend: a host name or an IP address, with or without a port."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from fastly_compute.backend.errors import BackendOptionTypeError, InvalidBackendOption

_RULE = "a host name or an IP address, optionally with a port, as in host:port or [IPv6]:port"
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

_DEFAULT_PORTS = {False: 80, True: 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A host and an optional port, in normalized spelling.

    Attributes:
        host: A host name in lower case and without a final dot, or an IP address, without brackets.
        port: 1 to 65535, or None for the scheme's default.
        is_ip: Whether the host is an IP address.
    """

    host: str
    port: int | None
    is_ip: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def without_default_port(self, *, tls: bool) -> "Target":
        """Return the target without its port if that is the default.

        Args:
            tls: Whether the default is 443 rather than 80.

        Returns:
            The target.
        """
        if self.port != _DEFAULT_PORTS[tls]:
            return self
        return Target(host=self.host, port=None, is_ip=self.is_ip)


def parse_host(text: str) -> tuple[str, bool] | None:
    """Parse a host.

    Args:
        text: A host name, an IPv4 address, or an IPv6 address without brackets.

    Returns:
        Its normalized spelling, and whether it is an IP address; None if it is invalid or an
        unspecified address (``::`` and ``0.0.0.0``).
    """
    if not text.isascii():
        return None
    try:
        address = IPv6Address(text) if ":" in text else IPv4Address(text)
    except AddressValueError:
        name = text.removesuffix(".").lower()
        labels = name.split(".")
        # Some parsers take a name that ends in a number for an IPv4 address: it must be one.
        if _NUMERIC.fullmatch(labels[-1]) or len(name) > 253:
            return None
        return (name, False) if all(_LABEL.fullmatch(label) for label in labels) else None
    if address.is_unspecified or (isinstance(address, IPv6Address) and address.scope_id):
        return None
    return str(address), True


def parse_target(text: str, *, field: str = "target") -> Target:
    """Parse a target.

    Args:
        text: ``host``, ``host:port``, an IPv4 address with or without ``:port``, an IPv6 address,
            ``[IPv6]`` or ``[IPv6]:port``.
        field: The field's name in error messages.

    Returns:
        The target.

    Raises:
        BackendOptionTypeError: The text is not a ``str``.
        InvalidBackendOption: The text is not a valid target.
    """
    if not isinstance(text, str):
        raise BackendOptionTypeError(field, f"a str, {_RULE}", type(text).__name__)
    if "@" in text:
        # The part before the @ is often a password.
        raise InvalidBackendOption(field, f"{_RULE}, without a user name or password")
    if not text.isascii():
        raise InvalidBackendOption(
            field, f"{_RULE}, in ASCII (international names in xn-- form)", repr(text[:300])
        )
    wrong = InvalidBackendOption(field, _RULE, repr(text[:300]))
    bare = parse_host(text) if text.count(":") > 1 else None
    if bare is not None:
        return Target(host=bare[0], port=None, is_ip=True)
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        raise wrong
    bracketed = match["host"].startswith("[")
    inside = match["host"].strip("[]")
    host = parse_host(inside) if bracketed == (":" in inside) else None
    if host is None:
        raise wrong
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 1 <= port <= 65535:
        raise InvalidBackendOption(field, "a host with a port from 1 to 65535", repr(text))
    return Target(host=host[0], port=port, is_ip=host[1])


def parse_url(url: str) -> tuple[bool, Target]:
    """Parse the scheme, host and port of a URL.

    Args:
        url: An absolute URL with the scheme ``http`` or ``https``. Anything after the host and port
            is ignored.

    Returns:
        Whether it needs TLS, and the target.

    Raises:
        BackendOptionTypeError: The URL is not a ``str``.
        InvalidBackendOption: It has another scheme, no host, a malformed one, or a user name.
    """
    if not isinstance(url, str):
        raise BackendOptionTypeError("url", "a str", type(url).__name__)
    match = _URL.match(url)
    if match is None:
        # No value: whatever it is, it may hold a password or a token.
        raise InvalidBackendOption("url", "absolute, such as https://origin.example/path")
    scheme = match["scheme"].lower()
    if scheme not in {"http", "https"}:
        raise InvalidBackendOption("url", "an http or https URL", repr(scheme))
    authority = match["authority"]
    if "\\" in authority:
        # No value: it may hold a password.
        raise InvalidBackendOption(
            "url", "without a backslash before its path: some parsers end the host there"
        )
    if authority.count(":") > 1 and "@" not in authority and not authority.startswith("["):
        raise InvalidBackendOption(
            "url", "a URL whose IPv6 address is in brackets", repr(authority)
        )
    # RFC 3986, section 3.2.3: an empty port is the default one.
    return scheme == "https", parse_target(authority.removesuffix(":"), field="the URL's host")
