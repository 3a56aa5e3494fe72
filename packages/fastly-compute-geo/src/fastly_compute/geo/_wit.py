"""The bindings of ``fastly:compute/geo``; their errors become this package's exceptions."""

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from fastly_compute.core import bindings, read_sized
from fastly_compute.core.addresses import wit_address
from fastly_compute.geo.errors import geo_error

if TYPE_CHECKING:
    from wit_world.imports import geo
else:
    geo = bindings.interface("geo")


def lookup(address: IPv4Address | IPv6Address) -> str:
    """Look up an address, and return JSON, or nothing if the host has no data."""
    try:
        return read_sized(lambda size: geo.lookup(wit_address(address), size))
    except bindings.Err as err:
        raise geo_error(err.value, "geo.lookup", subject=str(address)) from None
