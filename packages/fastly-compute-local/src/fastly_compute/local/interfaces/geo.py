"""`fastly:compute/geo`: geolocation data by IP address."""

import json
from collections.abc import Mapping

from wit_world.imports.types import IpAddress

from fastly_compute.local.interfaces.addresses import plain_address
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.runtime.sandbox import running

_LOOPBACK: Mapping[str, str | int | float] = {
    "area_code": 415,
    "as_name": "Fastly, Inc",
    "as_number": 54113,
    "city": "San Francisco",
    "conn_speed": "broadband",
    "conn_type": "wired",
    "continent": "NA",
    "country_code": "US",
    "country_code3": "USA",
    "country_name": "United States of America",
    "latitude": 37.77869,
    "longitude": -122.39557,
    "metro_code": 0,
    "postal_code": "94107",
    "proxy_description": "?",
    "proxy_type": "?",
    "region": "CA",
    "utc_offset": -700,
}
"""Viceroy's data for a loopback address, so that an app has something to show."""


def lookup(ip_addr: IpAddress, max_len: int) -> str:
    """Return the data as JSON, or an empty text if the address is unknown."""
    config = running().host.config.geolocation
    address = plain_address(ip_addr)
    fields = config.addresses.get(str(address))
    if fields is None and config.use_default_loopback and address.is_loopback:
        fields = _LOOPBACK
    return fit("" if fields is None else json.dumps(dict(fields), ensure_ascii=False), max_len)
