import copy
import ipaddress
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.acl import (
    Acl,
    AclCallFailed,
    AclNotFound,
    AclTooManyRequests,
    Action,
    InvalidAddress,
    Match,
)
from fastly_compute.core import HandleClosed, HostUnavailable, NotFound
from fastly_compute.local import Host

ENTRIES = {"10.0.0.0/8": "BLOCK", "10.1.0.0/16": "ALLOW", "2001:db8::/32": "BLOCK"}


@pytest.fixture
def acl(compute_host):
    compute_host.acls["visitors"] = ENTRIES
    with Acl.open("visitors") as acl:
        yield acl


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("10.0.0.1", "10.0.0.0/8"),
        ("10.1.255.255", "10.1.0.0/16"),
        ("2001:db8::1", "2001:db8::/32"),
        ("2001:0DB8:ffff::", "2001:db8::/32"),
        (ipaddress.ip_address("10.0.0.1"), "10.0.0.0/8"),
        (ipaddress.ip_address("2001:db8::1"), "2001:db8::/32"),
    ],
)
def test_the_longest_prefix_that_matches_is_found(acl, address, prefix):
    assert acl.lookup(address) == Match(prefix=prefix, action=Action(ENTRIES[prefix]))


@pytest.mark.parametrize("address", ["192.0.2.1", "::1", "2001:db9::", "::10.0.0.1"])
def test_an_address_that_no_entry_matches_is_none(acl, address):
    assert acl.lookup(address) is None


def test_an_ipv4_address_in_ipv6_form_cannot_bypass_an_entry(acl):
    assert acl.lookup("::ffff:10.0.0.1").action is Action.BLOCK


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.ip_addresses())
def test_every_address_is_looked_up_as_the_entries_say(acl, address):
    real = getattr(address, "ipv4_mapped", None) or address
    matching = [net for net in map(ipaddress.ip_network, ENTRIES) if real in net]
    expected = str(max(matching, key=lambda net: net.prefixlen)) if matching else None
    found = acl.lookup(address)

    assert (found and found.prefix) == expected


@pytest.mark.parametrize("address", ["", "10.0.0", "10.0.0.0/8", "fe80::1%eth0"])
def test_what_is_not_an_address_is_refused(acl, address):
    with pytest.raises(InvalidAddress, match=r"^invalid IP address: "):
        acl.lookup(address)


@pytest.mark.parametrize("address", [None, 167772161, b"10.0.0.1"])
def test_an_address_must_be_text_or_an_object(acl, address):
    with pytest.raises(TypeError, match=r"^an IP address must be a str or an ipaddress object"):
        acl.lookup(address)


def test_a_missing_list(compute_host):
    with pytest.raises(AclNotFound) as caught:
        Acl.open("missing")
    assert isinstance(caught.value, NotFound)
    assert str(caught.value) == (
        "acl.open on 'missing' failed: the ACL does not exist, or is not linked to this version of "
        "the service (not-found)"
    )


def test_too_many_lookups_are_an_error(compute_host, acl):
    compute_host.fail("acl", "acl.lookup", "too-many-requests", on_call=1)

    with pytest.raises(AclTooManyRequests) as caught:
        acl.lookup("10.0.0.1")
    assert str(caught.value) == (
        "acl.lookup on 'visitors/10.0.0.1' failed: there were too many lookups (too-many-requests)"
    )
    assert acl.lookup("10.0.0.1").action is Action.BLOCK


def test_an_answer_that_breaks_off_is_an_error(compute_host, acl):
    compute_host.fail("http-body", "read", "generic-error", on_call=2)

    with pytest.raises(AclCallFailed, match=r"^http-body\.read on 'visitors/10\.0\.0\.1' failed"):
        acl.lookup("10.0.0.1")
    assert acl.lookup("10.0.0.1").action is Action.BLOCK


def test_a_closed_list_cannot_be_asked(acl):
    acl.close()

    assert acl.name == "visitors"
    with pytest.raises(HandleClosed, match=r"^this Acl is closed$"):
        acl.lookup("10.0.0.1")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_list_is_neither_copied_nor_pickled(acl, duplicate):
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        duplicate(acl)


def test_a_list_shows_its_name(acl):
    assert repr(acl) == "<Acl 'visitors'>"


def test_nothing_is_opened_while_no_request_is_being_handled():
    with Host(), pytest.raises(HostUnavailable):
        Acl.open("visitors")


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out == "True False\n"
