"""The WIT's own types that several packages pass to the host."""

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import types
else:
    types = bindings.interface("types")


def ip_address(address: IPv4Address | IPv6Address) -> "types.IpAddress":
    """Convert an address to the WIT's ``ip-address``."""
    packed = address.packed
    if isinstance(address, IPv4Address):
        a, b, c, d = packed
        return types.IpAddress_Ipv4((a, b, c, d))
    a, b, c, d, e, f, g, h = (int.from_bytes(packed[at : at + 2], "big") for at in range(0, 16, 2))
    return types.IpAddress_Ipv6((a, b, c, d, e, f, g, h))
