"""IP addresses in the form of the WIT."""

import ipaddress

from wit_world.imports.types import IpAddress, IpAddress_Ipv4, IpAddress_Ipv6


def ip_address(text: str) -> IpAddress:
    """Convert an address from text to the WIT's form."""
    address = ipaddress.ip_address(text.partition("%")[0])
    packed = address.packed
    if address.version == 4:
        a, b, c, d = packed
        return IpAddress_Ipv4((a, b, c, d))
    words = [int.from_bytes(packed[i : i + 2], "big") for i in range(0, 16, 2)]
    a, b, c, d, e, f, g, h = words
    return IpAddress_Ipv6((a, b, c, d, e, f, g, h))


def plain_address(address: IpAddress) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Convert an address from the WIT's form to Python's."""
    if isinstance(address, IpAddress_Ipv4):
        return ipaddress.IPv4Address(bytes(address.value))
    packed = b"".join(word.to_bytes(2, "big") for word in address.value)
    return ipaddress.IPv6Address(packed)
