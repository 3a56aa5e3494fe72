"""Geolocation as a type checker sees it: checked against the installed wheels, never run."""

from datetime import timedelta
from ipaddress import ip_address
from typing import assert_type

from fastly_compute import geo


def look_up() -> None:
    found = geo.lookup("192.0.2.1")
    assert_type(found, geo.Geo | None)
    geo.lookup(ip_address("::1"))
    geo.lookup(None)  # type: ignore[arg-type]
    if found is not None:
        assert_type(found.city, str | None)
        assert_type(found.utc_offset, timedelta | None)
        assert_type(found.conn_speed, geo.ConnSpeed | None)
        found.city = "Oslo"  # type: ignore[misc]
