"""IP addresses: checked before the host is called, and converted for it."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.core import bindings

if TYPE_CHECKING:
    from wit_world.imports import types
else:
    types = bindings.interface("types")

Address: TypeAlias = str | IPv4Address | IPv6Address
"""An IP address: text such as ``192.0.2.1`` or ``2001:db8::1``, or an object of `ipaddress`."""


def parse_address(address: Address) -> IPv4Address | IPv6Address:
    """Validate an IP address before the host is called.

    An IPv4 address that is written as IPv6, such as ``::ffff:192.0.2.1`` (RFC 4291, section
    2.5.5.2), becomes the IPv4 address that it stands for: the platform keeps data by that one.

    Args:
        address: The address.

    Returns:
        The address as an object.

    Raises:
        TypeError: It is neither a ``str`` nor an address object.
        ValueError: It is not an IPv4 or IPv6 address, or has a zone such as ``%eth0``.
    """
    if not isinstance(address, str | IPv4Address | IPv6Address):
        kind = type(address).__name__
        raise TypeError(f"an IP address must be a str or an ipaddress object, not {kind}")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        text = str(address)
        shown = repr(text) if len(text) <= 100 else f"{len(text)} characters"
        raise ValueError(
            f"invalid IP address: {shown} (must be like 192.0.2.1 or 2001:db8::1)"
        ) from None
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            raise ValueError(f"invalid IP address: {str(parsed)[:100]!r} (must not have a zone)")
        return parsed.ipv4_mapped or parsed
    return parsed


def wit_address(address: IPv4Address | IPv6Address) -> "types.IpAddress":
    """Convert an address to the WIT's ``ip-address``.

    Args:
        address: The address.

    Returns:
        A value of the bindings.

    Raises:
        HostUnavailable: No host is available.
    """
    packed = address.packed
    if isinstance(address, IPv4Address):
        a, b, c, d = packed
        return types.IpAddress_Ipv4((a, b, c, d))
    a, b, c, d, e, f, g, h = (int.from_bytes(packed[at : at + 2], "big") for at in range(0, 16, 2))
    return types.IpAddress_Ipv6((a, b, c, d, e, f, g, h))
