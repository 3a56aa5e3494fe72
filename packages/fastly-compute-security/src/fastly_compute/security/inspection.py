"""Inspecting a request with Fastly's Next-Gen WAF."""

import ipaddress
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

from fastly_compute.core import timedelta_of
from fastly_compute.http import IncomingRequest
from fastly_compute.security import _wit
from fastly_compute.security.errors import InvalidInspectOption, SecurityCallFailed
from fastly_compute.security.verdict import Verdict, verdict_of

_NAME = re.compile(r"[!-~]{1,255}")
_FIRST_REDIRECT, _LAST_REDIRECT = 300, 309


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The result of inspecting a request.

    Attributes:
        verdict: What should be done with the request; a ``str`` if it is not one of `Verdict`.
        status: The status that the WAF would answer with, such as 200 or 406.
        redirect_url: Where to redirect a blocked request, or None.
        tags: What the WAF found, such as ``SQLI``.
        decision_time: How long the WAF took to decide, in whole milliseconds.

    Example:
        >>> from datetime import timedelta
        >>> from fastly_compute.security import Inspection, Verdict
        >>> found = Inspection(
        ...     verdict=Verdict.BLOCK,
        ...     status=302,
        ...     redirect_url="https://www.example.com/blocked",
        ...     tags=("SQLI",),
        ...     decision_time=timedelta(milliseconds=2),
        ... )
        >>> found.is_allowed, found.is_redirect
        (False, True)
    """

    verdict: Verdict | str
    status: int
    redirect_url: str | None
    tags: tuple[str, ...]
    decision_time: timedelta

    @property
    def is_allowed(self) -> bool:
        """Whether the verdict is `Verdict.ALLOW`."""
        return self.verdict == Verdict.ALLOW

    @property
    def is_redirect(self) -> bool:
        """Whether the client should be redirected to ``redirect_url`` with ``status``."""
        return _FIRST_REDIRECT <= self.status <= _LAST_REDIRECT and self.redirect_url is not None


def inspect(
    request: IncomingRequest,
    *,
    corp: str,
    workspace: str,
    client_ip: str | IPv4Address | IPv6Address | None = None,
) -> Inspection:
    """Inspect the client's request with the Next-Gen WAF (``security.inspect``).

    It says what should be done, and does nothing: the app blocks the request, or lets it through.
    Inspect before the body is read, or the WAF does not see it; the body can be read afterwards.

    Args:
        request: The client's request.
        corp: The name of the corp: 1 to 255 printable ASCII characters, without spaces.
        workspace: The name of the workspace, in the same characters.
        client_ip: The client's address, if it is not the one that the request came from, for
            example after a proxy outside Fastly. None is `IncomingRequest.client_address`.

    Returns:
        The verdict.

    Raises:
        TypeError: An argument is of the wrong type.
        InvalidInspectOption: A name breaks its rule, or ``client_ip`` is not an IP address.
        HandleClosed: The body was read or closed, or the request was handed over.
        SecurityUnsupported: This host or service cannot inspect requests.
        SecurityCallFailed: The host refused, or its verdict is missing or malformed.
        HostUnavailable: No host is available.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response
        >>> from fastly_compute.security import inspect
        >>> def handle(request: IncomingRequest) -> Response:
        ...     found = inspect(request, corp="my-corp", workspace="my-site")
        ...     if not found.is_allowed:
        ...         return Response.text("Forbidden", status=403)
        ...     return Response.text("hello")
    """
    if not isinstance(request, IncomingRequest):
        raise TypeError(f"request must be an IncomingRequest, not {type(request).__name__}")
    for option, name in (("corp", corp), ("workspace", workspace)):
        if not isinstance(name, str):
            raise TypeError(f"{option} must be a str, not {type(name).__name__}")
        if _NAME.fullmatch(name) is None:
            rule = "must have 1 to 255 printable ASCII characters, without spaces"
            raise InvalidInspectOption(option, f"{rule}, not {name[:64]!r}")
    address = _address(client_ip)
    text = _wit.inspect(request._resource, request.body._unread_pollable, corp, workspace, address)
    return _parsed(text, workspace)


def _address(client_ip: str | IPv4Address | IPv6Address | None) -> IPv4Address | IPv6Address | None:
    if client_ip is None or isinstance(client_ip, IPv4Address | IPv6Address):
        address = client_ip
    elif isinstance(client_ip, str):
        try:
            address = ipaddress.ip_address(client_ip)
        except ValueError:
            rule = f"must be an IPv4 or IPv6 address, not {client_ip[:64]!r}"
            raise InvalidInspectOption("client_ip", rule) from None
    else:
        raise TypeError(f"client_ip must be a str or an IP address, not {type(client_ip).__name__}")
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise InvalidInspectOption("client_ip", f"must not have a zone, as {str(address)!r} does")
    return address


def _parsed(text: str, workspace: str) -> Inspection:
    case = "a malformed verdict" if text else "no verdict"
    with suppress(ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return _inspection(json.loads(text))
    raise SecurityCallFailed("security.inspect", case=case, subject=workspace)


def _inspection(found: Mapping[str, object]) -> Inspection:
    verdict, status, redirect = found["verdict"], found["waf_response"], found["redirect_url"]
    tags, decision_ms = found["tags"], found["decision_ms"]
    if (
        not isinstance(verdict, str)
        or type(status) is not int
        or not isinstance(redirect, str | None)
        or not isinstance(tags, list)
        or not all(isinstance(tag, str) for tag in tags)
        or type(decision_ms) is not int
    ):
        raise ValueError("a value of another type")
    return Inspection(
        verdict=verdict_of(verdict),
        status=status,
        # As in Rust: what is not blocked is not redirected either.
        redirect_url=(redirect or None) if verdict == Verdict.BLOCK else None,
        tags=tuple(tags),
        decision_time=timedelta_of(milliseconds=decision_ms),
    )
