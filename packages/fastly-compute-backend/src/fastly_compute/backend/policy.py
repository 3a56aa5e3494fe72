"""The policy that decides which URLs may register a dynamic backend."""

from collections.abc import Iterable
from typing import NamedTuple

from fastly_compute.backend.errors import (
    BackendNotAllowed,
    BackendOptionTypeError,
    InvalidBackendOption,
)
from fastly_compute.backend.naming import checked
from fastly_compute.backend.target import Target, parse_host

_RULE = "a host name or an IP address, without a port, or *. followed by a host name"
# IDNA 2003, which Python implements, and IDNA 2008 encode these differently.
_DISPUTED = frozenset("\xdf\u03c2\u200c\u200d")


class _Policy(NamedTuple):
    hosts: frozenset[str] | None = None
    default: str | None = None


_policy = _Policy()


def enforce_explicit_backends(default: str | None = None) -> None:
    """Forbid dynamic backends derived from a URL alone, in the whole app.

    This restricts `Backend.for_url`, and thus every request that names no backend. It does not
    restrict `Backend.create_dynamic` and `Backend.register_dynamic`, nor the hosts of
    `allow_dynamic_backends`, whichever of the two functions is called first.

    Call it while the app is imported: it then applies to every request.

    Args:
        default: The name of the backend that gets such requests instead, whatever their host;
            None refuses them with `BackendNotAllowed`.

    Raises:
        TypeError: The name is not a ``str``.
        InvalidBackendName: The name is invalid.

    Example:
        >>> from fastly_compute.backend import allow_dynamic_backends, enforce_explicit_backends
        >>> enforce_explicit_backends("origin")
        >>> allow_dynamic_backends()
    """
    global _policy
    if default is not None:
        checked(default)
    _policy = _Policy(hosts=_policy.hosts or frozenset(), default=default)


def allow_dynamic_backends(hosts: Iterable[str] | None = None) -> None:
    """Allow dynamic backends derived from URLs for these hosts only.

    Recommended for every app whose requests name no backend: a URL built from client input then
    cannot lead elsewhere. Requests to other hosts go to the default of
    `enforce_explicit_backends`, or are refused with `BackendNotAllowed`.

    Call it while the app is imported: it then applies to every request.

    Args:
        hosts: The hosts, which replace all earlier ones: host names, allowed with any port; IP
            addresses; or ``*.example.com`` for all names below ``example.com``, at any depth, but
            not for that name itself. Case and a final dot do not matter. An international name is
            equal to its ``xn--`` form, and must be given in that form if it contains ``ß`` or a
            final ``ς``. An IP address is allowed only if it is listed itself. None allows every
            host, which is the default.

    Raises:
        InvalidBackendOption: A host is invalid. The earlier hosts stay.
        BackendOptionTypeError: *hosts* is a single ``str``, or a host is not a ``str``.

    Example:
        >>> from fastly_compute.backend import allow_dynamic_backends
        >>> allow_dynamic_backends(hosts=["api.example", "*.cdn.example"])
        >>> allow_dynamic_backends()
    """
    global _policy
    if isinstance(hosts, str):
        raise BackendOptionTypeError("hosts", "an iterable of host names, such as a list", "str")
    listed = None if hosts is None else frozenset(map(_listed, hosts))
    _policy = _Policy(hosts=listed, default=_policy.default)


def _listed(text: str) -> str:
    if not isinstance(text, str):
        raise BackendOptionTypeError("hosts", _RULE, type(text).__name__)
    star, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    host = parse_host(_ascii(name))
    if host is None or (star and host[1]):
        raise InvalidBackendOption("hosts", _RULE, repr(text[:300]))
    return star + host[0]


def _ascii(name: str) -> str:
    if name.isascii() or not _DISPUTED.isdisjoint(name.lower()):
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def instead_of_dynamic(target: Target) -> str | None:
    """Decide whether a URL gets a dynamic backend.

    Args:
        target: The URL's host and port.

    Returns:
        None for a dynamic backend; or the name of the backend to use instead.

    Raises:
        BackendNotAllowed: The host is not allowed, and the app has no default backend.
    """
    hosts, default = _policy
    if hosts is None or target.host in hosts:
        return None
    parent = target.host  # a parent of an IP address is never a valid name, and so never listed
    while parent:
        parent = parent.partition(".")[2]
        if f"*.{parent}" in hosts:
            return None
    if default is None:
        raise BackendNotAllowed(target.host)
    return default
