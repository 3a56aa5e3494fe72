import ipaddress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core.addresses import parse_address, wit_address
from fastly_compute.local.interfaces.addresses import plain_address


def valid(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@given(st.ip_addresses())
def test_every_address_is_taken_as_text_and_as_an_object(address):
    expected = getattr(address, "ipv4_mapped", None) or address

    assert parse_address(address) == parse_address(str(address)) == expected


@given(st.ip_addresses())
def test_every_address_reaches_the_host_as_it_is(address):
    assert plain_address(wit_address(address)) == address


@given(st.text().filter(lambda text: not valid(text)))
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match=r"^invalid IP address: ") as caught:
        parse_address(text)
    assert len(str(caught.value)) < 700
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "192.0.2.01", "192.0.2.1 ", "192.0.2.1:80", "[::1]", "192.0.2.0/24", "x"]
)
def test_what_is_nearly_an_address_is_refused(text):
    with pytest.raises(ValueError, match=r"\(must be like 192\.0\.2\.1 or 2001:db8::1\)$"):
        parse_address(text)


def test_long_text_is_not_repeated():
    with pytest.raises(ValueError, match=r"^invalid IP address: 101 characters \("):
        parse_address("1" * 101)


@pytest.mark.parametrize("zone", ["eth0", "e" * 1000])
def test_an_address_with_a_zone_is_refused(zone):
    with pytest.raises(ValueError, match=r"^invalid IP address: .* \(must not have a zone\)$"):
        parse_address(f"fe80::1%{zone}")


@pytest.mark.parametrize(
    "address", [None, 1, True, b"\x7f\0\0\1", ["::1"], ipaddress.ip_network("192.0.2.0/32")]
)
def test_an_address_must_be_text_or_an_object(address):
    kind = type(address).__name__
    with pytest.raises(TypeError, match=rf"must be a str or an ipaddress object, not {kind}$"):
        parse_address(address)


def test_an_ipv4_address_in_ipv6_form_is_that_ipv4_address():
    assert parse_address("::ffff:192.0.2.1") == IPv4Address("192.0.2.1")
    assert parse_address(IPv6Address("::ffff:192.0.2.1")) == IPv4Address("192.0.2.1")
    assert parse_address("::192.0.2.1") == IPv6Address("::192.0.2.1")
