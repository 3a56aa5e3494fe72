import ipaddress
import json
from datetime import timedelta
from pathlib import Path

import pytest

from fastly_compute import geo
from fastly_compute.core import HostUnavailable, Unsupported
from fastly_compute.geo import (
    ConnSpeed,
    ConnType,
    Continent,
    Geo,
    GeoLookupFailed,
    InvalidGeoData,
    ProxyDescription,
    ProxyType,
)
from fastly_compute.local import Host

WHOLE = {
    "as_name": "example",
    "as_number": 64496,
    "area_code": 212,
    "city": "tromsø",
    "conn_speed": "ultrabb",
    "conn_type": "wifi",
    "continent": "EU",
    "country_code": "NO",
    "country_code3": "NOR",
    "country_name": "norway",
    "gmt_offset": 100,
    "latitude": 69.65,
    "longitude": -18.96,
    "metro_code": 501,
    "postal_code": "9008",
    "proxy_description": "tor-exit",
    "proxy_type": "anonymous",
    "region": "54",
    "utc_offset": 100,
}


def test_all_that_is_known_is_read(compute_host):
    compute_host.geolocation["192.0.2.1"] = WHOLE

    assert geo.lookup("192.0.2.1") == Geo(
        as_name="example",
        as_number=64496,
        area_code=212,
        city="tromsø",
        conn_speed=ConnSpeed.ULTRA_BROADBAND,
        conn_type=ConnType.WIFI,
        continent=Continent.EUROPE,
        country_code="NO",
        country_code3="NOR",
        country_name="norway",
        gmt_offset=timedelta(hours=1),
        latitude=69.65,
        longitude=-18.96,
        metro_code=501,
        postal_code="9008",
        proxy_description=ProxyDescription.TOR_EXIT,
        proxy_type=ProxyType.ANONYMOUS,
        region="54",
        utc_offset=timedelta(hours=1),
    )
    assert set(WHOLE) == set(Geo.__dataclass_fields__)


def test_a_loopback_address_is_where_the_local_hosts_say(compute_host):
    found = geo.lookup("127.0.0.1")

    assert (found.city, found.utc_offset) == ("San Francisco", timedelta(hours=-7))
    assert (found.proxy_type, found.metro_code) == (None, None)


def test_an_address_of_which_nothing_is_known_is_none(compute_host):
    assert geo.lookup("203.0.113.1") is None


@pytest.mark.parametrize(
    "address",
    [
        "2001:db8::1",
        "2001:DB8:0:0::1",
        ipaddress.ip_address("2001:db8::1"),
        "192.0.2.1",
        ipaddress.ip_address("192.0.2.1"),
        "::ffff:192.0.2.1",
    ],
)
def test_an_address_is_text_or_an_object(compute_host, address):
    compute_host.geolocation["2001:db8::1"] = compute_host.geolocation["192.0.2.1"] = WHOLE

    assert geo.lookup(address).city == "tromsø"


def test_an_answer_of_any_size_is_read(compute_host):
    compute_host.geolocation["192.0.2.1"] = {"city": "x" * 100_000}
    compute_host.tiny_buffers()

    assert len(geo.lookup("192.0.2.1").city) == 100_000


def test_a_host_that_refuses_is_an_error(compute_host):
    compute_host.fail("geo", "lookup", "generic-error", on_call=1)
    compute_host.fail("geo", "lookup", "unsupported", on_call=2)

    with pytest.raises(GeoLookupFailed) as caught:
        geo.lookup("192.0.2.1")
    assert str(caught.value) == (
        "geo.lookup on '192.0.2.1' failed: the host gave no reason (generic-error)"
    )
    with pytest.raises(Unsupported):
        geo.lookup("192.0.2.1")
    assert geo.lookup("192.0.2.1") is None


def test_an_answer_that_cannot_be_read_names_the_field(compute_host):
    compute_host.geolocation["192.0.2.1"] = {"latitude": "north"}

    with pytest.raises(InvalidGeoData, match=r"of latitude: 'north' is not a number$"):
        geo.lookup("192.0.2.1")


def test_a_found_place_can_be_logged_as_json(compute_host):
    found = geo.lookup("::1")

    assert json.dumps([found.continent, found.conn_speed]) == '["NA", "broadband"]'


def test_nothing_is_looked_up_while_no_request_is_being_handled():
    with Host(), pytest.raises(HostUnavailable):
        geo.lookup("192.0.2.1")


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out == "Hello, San Francisco\n"
