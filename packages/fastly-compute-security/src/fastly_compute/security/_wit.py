"""The bindings of ``fastly:compute/security``; their errors become this package's exceptions."""

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from fastly_compute.core import bindings, read_sized
from fastly_compute.security.errors import security_error

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req, security, types
else:
    security = bindings.interface("security")
    types = bindings.interface("types")

_FIRST = 16 * 1024  # Rust's SDK found 2 KiB too small


def inspect(
    request: "http_req.Request",
    body: "async_io.Pollable",
    corp: str,
    workspace: str,
    client_ip: IPv4Address | IPv6Address | None,
) -> str:
    """Inspect a request and its unread body, and return the verdict as JSON."""
    options = security.InspectOptions(
        corp=corp, workspace=workspace, override_client_ip=_address(client_ip), extra=None
    )
    try:
        return read_sized(lambda size: security.inspect(request, body, options, size), first=_FIRST)
    except bindings.Err as err:
        raise security_error(err.value, "security.inspect", subject=workspace) from None


def _address(address: IPv4Address | IPv6Address | None) -> "types.IpAddress | None":
    if address is None:
        return None
    packed = address.packed
    if isinstance(address, IPv4Address):
        return types.IpAddress_Ipv4((packed[0], packed[1], packed[2], packed[3]))
    a, b, c, d, e, f, g, h = (int.from_bytes(packed[i : i + 2], "big") for i in range(0, 16, 2))
    return types.IpAddress_Ipv6((a, b, c, d, e, f, g, h))
