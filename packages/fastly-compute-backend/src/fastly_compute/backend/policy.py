"""Which URLs may lead to a dynamic backend of their own."""

from collections.abc import Iterable
from typing import NamedTuple

from fastly_compute.backend.errors import (
    BackendNotAllowed,
    BackendOptionTypeError,
    InvalidBackendOption,
)
from fastly_compute.backend.naming import checked
from fastly_compute.backend.target import Target, parse_host

_RULE = "a host name or an IP address, without a port, or *. and a host name"
# IDNA 2003, which Python knows, and IDNA 2008 take these for different names.
_DISPUTED = frozenset("\xdf\u03c2\u200c\u200d")


class _Policy(NamedTuple):
    hosts: frozenset[str] | None = None
    default: str | None = None


_policy = _Policy()


def enforce_explicit_backends(default: str | None = None) -> None:
    """Forbid that a URL alone makes a dynamic backend, in the whole app.

    That concerns `Backend.for_url`, and with it every request that names no backend. What the app
    registers itself, with `Backend.create_dynamic` or `Backend.register_dynamic`, stays possible,
    and so do the hosts of `allow_dynamic_backends`, whichever of the two is called first.

    Call it where the app is imported: it then holds for every request.

    Args:
        default: The name of the backend that takes such requests instead, whatever their host;
            None refuses them with `BackendNotAllowed`.

    Raises:
        TypeError: The name is no ``str``.
        InvalidBackendName: No backend can have that name.

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
    """Let the URLs of these hosts, and of no others, make dynamic backends.

    Recommended for every app whose requests name no backend: a URL made of what a client sent can
    then not lead elsewhere. The others go to the default of `enforce_explicit_backends`, or are
    refused with `BackendNotAllowed`.

    Call it where the app is imported: it then holds for every request.

    Args:
        hosts: In place of all earlier ones: host names, each allowed with every port; IP addresses;
            or ``*.example.com`` for all names below ``example.com``, at any depth, and not for
            that name itself. Case and a final dot do not matter, and an international name is the
            same as its ``xn--`` form, which one with ``ß`` or a final ``ς`` has to be given in. An
            IP address is allowed only as such. None allows every host, as it is to begin with.

    Raises:
        InvalidBackendOption: One of them is nothing of the kind; the earlier ones stay.
        BackendOptionTypeError: They are one ``str``, or one of them is none.

    Example:
        >>> from fastly_compute.backend import allow_dynamic_backends
        >>> allow_dynamic_backends(hosts=["api.example", "*.cdn.example"])
        >>> allow_dynamic_backends()
    """
    global _policy
    if isinstance(hosts, str):
        raise BackendOptionTypeError("hosts", "several host names, such as a list", "str")
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
    """Decide what a URL may lead to.

    Args:
        target: Where it leads.

    Returns:
        None for a dynamic backend of its own; or the name of the backend to take instead.

    Raises:
        BackendNotAllowed: Neither.
    """
    hosts, default = _policy
    if hosts is None or target.host in hosts:
        return None
    parent = target.host  # of an address, no parent is a name that could have been listed
    while parent:
        parent = parent.partition(".")[2]
        if f"*.{parent}" in hosts:
            return None
    if default is None:
        raise BackendNotAllowed(target.host)
    return default
