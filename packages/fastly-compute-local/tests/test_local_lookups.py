"""A guest's lookups by name or address: dictionaries, locations, devices, lists and sites."""

import json
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    acl,
    device_detection,
    dictionary,
    geo,
    http_body,
    http_downstream,
    http_req,
    security,
    shielding,
)
from wit_world.imports.types import IpAddress_Ipv4, IpAddress_Ipv6

from fastly_compute.local import (
    AclEntry,
    Geolocation,
    Host,
    HostConfig,
    Incoming,
    NativeApp,
    Sandbox,
    ShieldingSite,
)

LARGE = 1 << 20
LOOPBACK = IpAddress_Ipv4((127, 0, 0, 9))
KNOWN = IpAddress_Ipv6((0x2001, 0xDB8, 0, 0, 0, 0, 0, 1))
UNKNOWN = IpAddress_Ipv4((192, 0, 2, 1))

CONFIG = HostConfig(
    config_stores={"settings": {"greeting": "grüß dich"}},
    geolocation=Geolocation(addresses={"2001:db8::1": {"city": "Tromsø", "as_number": 7}}),
    device_detection={"Agent/1.0": {"device": {"brand": "b", "is_tv": True}}},
    acls={
        "list": [
            AclEntry(prefix="10.1.2.0/24", action="ALLOW"),
            AclEntry(prefix="10.0.0.0/8", action="BLOCK"),
            AclEntry(prefix="10.1.9.9/16", action="BLOCK"),
            AclEntry(prefix="10.1.0.0/16", action="ALLOW"),
            AclEntry(prefix="2001:db8::/32", action="BLOCK"),
        ]
    },
    shielding_sites={
        "here": None,
        "there": ShieldingSite(
            unencrypted="http://127.0.0.1:1", encrypted="https://shield.example/x"
        ),
    },
    fake_valid_fastly_keys=["good"],
)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def sandbox(lines: list[str]) -> Iterator[Sandbox]:
    with Host(CONFIG, output=lines.append) as host, host.guest_context() as sandbox:
        yield sandbox


def error_of(call, *arguments) -> str:
    with pytest.raises(Err) as caught:
        call(*arguments)
    return repr(caught.value.value)


def action(address) -> dict[str, str] | None:
    body = acl.Acl.open("list").lookup(address)
    return None if body is None else json.loads(http_body.read(body, LARGE))


def test_a_dictionary_is_a_config_store(sandbox: Sandbox) -> None:
    opened = dictionary.Dictionary.open("settings")

    assert opened.lookup("greeting", LARGE) == "grüß dich"
    assert opened.lookup("missing", LARGE) is None
    assert error_of(opened.lookup, "greeting", 1) == "Error_BufferLen(value=11)"
    assert error_of(dictionary.Dictionary.open, "nowhere") == "<OpenError.NOT_FOUND: 3>"


def test_a_configured_address_has_its_location(sandbox: Sandbox) -> None:
    assert json.loads(geo.lookup(KNOWN, LARGE)) == {"city": "Tromsø", "as_number": 7}


def test_a_loopback_address_is_in_san_francisco(sandbox: Sandbox) -> None:
    place = json.loads(geo.lookup(LOOPBACK, LARGE))

    assert (place["city"], place["as_number"], len(place)) == ("San Francisco", 54113, 18)


def test_a_loopback_address_may_be_unknown() -> None:
    config = HostConfig(geolocation=Geolocation(use_default_loopback=False))
    with Host(config) as host, host.guest_context():
        place = geo.lookup(LOOPBACK, LARGE)

    assert place == ""


def test_an_unknown_address_is_empty_and_always_fits(sandbox: Sandbox) -> None:
    assert geo.lookup(UNKNOWN, 0) == ""


def test_a_location_that_does_not_fit_reports_its_length(sandbox: Sandbox) -> None:
    length = len(geo.lookup(KNOWN, LARGE).encode())

    assert error_of(geo.lookup, KNOWN, 1) == f"Error_BufferLen(value={length})"


def test_a_configured_user_agent_is_found(sandbox: Sandbox) -> None:
    known = device_detection.lookup("Agent/1.0", LARGE)

    assert json.loads(known) == {"device": {"brand": "b", "is_tv": True}}
    assert device_detection.lookup("Agent/1", LARGE) is None
    assert (
        error_of(device_detection.lookup, "Agent/1.0", 1) == f"Error_BufferLen(value={len(known)})"
    )


def test_the_longest_prefix_takes_precedence_and_then_the_last(sandbox: Sandbox) -> None:
    assert [
        action(IpAddress_Ipv4((10, 1, 2, 3))),
        action(IpAddress_Ipv4((10, 9, 9, 9))),
        action(IpAddress_Ipv4((10, 1, 9, 9))),
        action(KNOWN),
        action(UNKNOWN),
    ] == [
        {"prefix": "10.1.2.0/24", "action": "ALLOW"},
        {"prefix": "10.0.0.0/8", "action": "BLOCK"},
        {"prefix": "10.1.0.0/16", "action": "ALLOW"},
        {"prefix": "2001:db8::/32", "action": "BLOCK"},
        None,
    ]


def test_a_list_that_is_not_configured_is_not_found(sandbox: Sandbox) -> None:
    assert error_of(acl.Acl.open, "nowhere") == "<OpenError.NOT_FOUND: 3>"


def test_every_request_passes_the_firewall(sandbox: Sandbox) -> None:
    options = security.InspectOptions("corp", "site", UNKNOWN, None)
    request, body = http_req.Request.new(), http_body.new()
    verdict = security.inspect(request, body, options, LARGE)

    assert json.loads(verdict)["verdict"] == "allow"
    assert error_of(security.inspect, request, body, options, 1) == (
        f"Error_BufferLen(value={len(verdict)})"
    )


@pytest.mark.parametrize(("corp", "workspace"), [(None, "site"), ("corp", None), ("", "site")])
def test_the_firewall_needs_its_names(sandbox: Sandbox, corp, workspace) -> None:
    options = security.InspectOptions(corp, workspace, None, None)
    request, body = http_req.Request.new(), http_body.new()

    assert error_of(security.inspect, request, body, options, LARGE) == "Error_InvalidArgument()"


def test_a_site_is_described_by_its_urls(sandbox: Sandbox) -> None:
    assert shielding.shield_info("here", LARGE) == "\x01\0\0"
    assert shielding.shield_info("there", LARGE) == (
        "\0http://127.0.0.1:1/\0https://shield.example/x\0"
    )
    assert error_of(shielding.shield_info, "there", 3) == "Error_BufferLen(value=46)"
    assert error_of(shielding.shield_info, "nowhere", LARGE) == "Error_InvalidArgument()"


def test_a_url_of_a_site_becomes_a_backend(sandbox: Sandbox) -> None:
    options = shielding.ShieldBackendOptions()
    options.set_cache_key("key")
    options.set_first_byte_timeout(1)
    options.set_between_bytes_timeout(2)
    made = shielding.backend_for_shield("https://shield.example/x", options)

    assert (made.get_host(LARGE), made.get_port(), made.is_tls()) == ("shield.example", 443, True)
    assert (made.get_first_byte_timeout_ms(), made.get_between_bytes_timeout_ms()) == (1, 2)
    assert made.is_dynamic()


def test_a_site_has_no_default_timeouts(sandbox: Sandbox) -> None:
    made = shielding.backend_for_shield("http://127.0.0.1:1/", None)

    assert (made.get_first_byte_timeout_ms(), made.get_between_bytes_timeout_ms()) == (0, 0)


def test_a_url_becomes_a_backend_once(sandbox: Sandbox, lines: list[str]) -> None:
    shielding.backend_for_shield("http://127.0.0.1:1/", None)
    error = error_of(shielding.backend_for_shield, "http://127.0.0.1:1/", None)

    assert error == "Error_GenericError()"
    assert "a backend for 'http://127.0.0.1:1/' already exists" in lines[0]


@pytest.mark.parametrize("url", ["", "there", "http://[", "ftp://127.0.0.1/"])
def test_an_invalid_url_becomes_no_backend(sandbox: Sandbox, lines: list[str], url) -> None:
    error = error_of(shielding.backend_for_shield, url, None)

    assert error == "Error_InvalidArgument()"
    assert lines[0].startswith(f"backend-for-shield {url!r}: ")


@pytest.mark.parametrize(
    ("headers", "valid"),
    [((), False), ([("Fastly-Key", b"good")], True), ([("fastly-key", b"bad\xff")], False)],
)
def test_a_key_is_valid_if_the_configuration_lists_it(headers, valid) -> None:
    seen = []

    class HttpIncoming:
        def handle(self, request, body):
            seen.append(http_downstream.fastly_key_is_valid(request))

    with Host(CONFIG) as host:
        host.request(NativeApp(HttpIncoming), Incoming(headers=headers))

    assert seen == [valid]


def test_a_guests_own_request_has_no_client(sandbox: Sandbox) -> None:
    error = error_of(http_downstream.fastly_key_is_valid, http_req.Request.new())

    assert error == "Error_GenericError()"
