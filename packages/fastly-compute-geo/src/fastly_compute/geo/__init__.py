"""Geolocation on Fastly Compute: look up where an IP address is."""

from fastly_compute.geo.enums import (
    ConnSpeed,
    ConnType,
    Continent,
    ProxyDescription,
    ProxyType,
)
from fastly_compute.geo.errors import (
    GeoError,
    GeoLookupFailed,
    GeoUnsupported,
    InvalidAddress,
    InvalidGeoData,
)
from fastly_compute.geo.geo import Geo, lookup

__all__ = [
    "ConnSpeed",
    "ConnType",
    "Continent",
    "Geo",
    "GeoError",
    "GeoLookupFailed",
    "GeoUnsupported",
    "InvalidAddress",
    "InvalidGeoData",
    "ProxyDescription",
    "ProxyType",
    "lookup",
]
