"""The bindings of ``fastly:compute/acl``; their errors become this package's exceptions."""

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from fastly_compute.acl.errors import acl_error
from fastly_compute.core import bindings
from fastly_compute.core.addresses import wit_address

if TYPE_CHECKING:
    from wit_world.imports import acl, async_io, http_body
else:
    acl = bindings.interface("acl")
    http_body = bindings.interface("http_body")

__all__ = ["acl", "lookup", "open_acl"]

_CHUNK = 8 * 1024


def open_acl(name: str) -> "acl.Acl":
    """Open a list."""
    try:
        return acl.Acl.open(name)
    except bindings.Err as err:
        raise acl_error(err.value, "acl.open", subject=name) from None


def lookup(resource: "acl.Acl", address: IPv4Address | IPv6Address, name: str) -> bytes | None:
    """Look up an address, and return JSON, or None if no entry matches."""
    subject = f"{name}/{address}"
    try:
        body = resource.lookup(wit_address(address))
    except bindings.Err as err:
        raise acl_error(err.value, "acl.lookup", subject=subject) from None
    if body is None:
        return None
    with body:
        return _read(body, subject)


def _read(body: "async_io.Pollable", subject: str) -> bytes:
    content = b""
    try:
        while chunk := http_body.read(body, _CHUNK):
            content += chunk
    except bindings.Err as err:
        raise acl_error(err.value, "http-body.read", subject=subject) from None
    return content
