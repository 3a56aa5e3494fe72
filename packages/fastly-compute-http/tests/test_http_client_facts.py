"""Facts about the client, known and unknown to the host."""

import pytest
from componentize_py_types import Err
from wit_world.imports.http_req import ClientCertVerifyResult
from wit_world.imports.types import (
    Error_BufferLen,
    Error_GenericError,
    Error_InvalidArgument,
    Error_Unsupported,
)

from fastly_compute.http import Bot, ClientTls, HttpCallFailed, IncomingRequest, Response, VpnProxy
from fastly_compute.local import HostConfig


@pytest.fixture
def told(ask):
    """Read a property of a request, and return its value or error."""

    def told(name: str, **incoming: object) -> object:
        got = []

        def handle(request: IncomingRequest) -> Response:
            try:
                got.append(getattr(request, name))
            except HttpCallFailed as error:
                got.append(error)
            return Response()

        ask(handle, **incoming)
        return got[0]

    return told


@pytest.fixture
def knows(instead):
    """Set what the host knows about the client, which may be an error."""

    def knows(**facts: object) -> None:
        for function, fact in facts.items():

            def answer(_function, _request, *_size, fact=fact):
                if isinstance(fact, Err):
                    raise fact
                return fact

            instead(f"http-downstream.{function}", answer)

    return knows


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tls", ClientTls()),
        ("h2_fingerprint", None),
        ("oh_fingerprint", None),
        ("compliance_region", None),
        ("vpn_proxy", VpnProxy()),
        ("ddos_detected", False),
        ("fastly_key_is_valid", False),
        ("server_address", "127.0.0.1"),
        ("http_version", "HTTP/1.1"),
    ],
)
def test_a_fact_that_the_host_does_not_know_is_none(told, name, expected):
    assert told(name) == expected


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("request_id", "downstream_client_request_id"),
        ("h2_fingerprint", "downstream_client_h2_fingerprint"),
        ("ddos_detected", "downstream_client_ddos_detected"),
        ("fastly_key_is_valid", "fastly_key_is_valid"),
        ("compliance_region", "downstream_compliance_region"),
    ],
)
@pytest.mark.parametrize("error", [Error_Unsupported, Error_GenericError])
def test_a_fact_that_the_host_does_not_support_is_none(told, knows, name, function, error):
    knows(**{function: Err(error())})

    assert told(name) is None


def test_any_other_error_is_raised(told, knows):
    knows(downstream_compliance_region=Err(Error_InvalidArgument()))
    error = told("compliance_region")

    assert isinstance(error, HttpCallFailed)
    assert (error.operation, error.case) == (
        "http-downstream.downstream-compliance-region",
        "invalid-argument",
    )


def test_the_tls_connection_has_all_its_attributes(told, knows):
    knows(
        downstream_tls_protocol=b"TLSv1.3",
        downstream_tls_cipher_openssl_name=b"TLS_AES_128_GCM_SHA256",
        downstream_tls_client_servername="shop.example",
        downstream_tls_client_hello=b"\x01\0\0",
        downstream_tls_ja3_md5=bytes(range(16)),
        downstream_tls_ja4="t13d1516h2_8daaf6152771_e5627efa2ab1",
        downstream_tls_raw_client_certificate=b"PEM",
        downstream_tls_client_cert_verify_result=ClientCertVerifyResult.CERTIFICATE_EXPIRED,
    )

    tls = told("tls")

    assert tls == ClientTls(
        protocol="TLSv1.3",
        cipher="TLS_AES_128_GCM_SHA256",
        server_name="shop.example",
        client_hello=b"\x01\0\0",
        ja3="000102030405060708090a0b0c0d0e0f",
        ja4="t13d1516h2_8daaf6152771_e5627efa2ab1",
        client_certificate=b"PEM",
        certificate_verdict="certificate-expired",
    )
    assert "PEM" not in repr(tls)


def test_a_long_certificate_is_read_whole(told, instead):
    certificate = b"x" * 50_000

    def answer(_function, _request, size):
        if size < len(certificate):
            raise Err(Error_BufferLen(len(certificate)))
        return certificate

    instead("http-downstream.downstream_tls_raw_client_certificate", answer)

    assert told("tls").client_certificate == certificate


def test_every_verdict_of_the_wit_is_a_text(told, knows):
    found = []
    for verdict in ClientCertVerifyResult:
        knows(downstream_tls_client_cert_verify_result=verdict)
        found.append(told("tls").certificate_verdict)

    assert found == [
        "ok",
        "bad-certificate",
        "certificate-revoked",
        "certificate-expired",
        "unknown-ca",
        "certificate-missing",
        "certificate-unknown",
    ]
    assert all(f"``{verdict}``" in ClientTls.__doc__ for verdict in found)


def test_the_result_of_bot_detection_is_available(told):
    headers = [
        ("x-fastly-bot-analyzed", b"true"),
        ("x-fastly-bot-detected", b"true"),
        ("x-fastly-bot-name", b"ExampleBot"),
        ("x-fastly-bot-category", b"SEARCH-ENGINE-CRAWLER"),
    ]

    bot = told("bot", headers=headers)

    assert (bot.analyzed, bot.detected, bot.name) == (True, True, "ExampleBot")
    assert bot.category == "SEARCH-ENGINE-CRAWLER"


def test_a_host_without_bot_detection_knows_nothing_about_bots(told, knows):
    knows(
        **{
            f"downstream_bot_{name}": Err(Error_Unsupported())
            for name in ("analyzed", "detected", "name", "category", "verified")
        }
    )

    assert told("bot") == Bot()


def test_each_fact_about_vpns_has_its_own_host_function(told, knows):
    names = [name for name in VpnProxy.__slots__ if name.startswith("is_")]
    for name in names:
        knows(**{f"downstream_resvpnproxy_{other}": other == name for other in names})

        assert told("vpn_proxy") == VpnProxy(**{other: other == name for other in names})
    knows(downstream_resvpnproxy_vpn_service_name="ExampleVPN")

    assert len(names) == 10
    assert told("vpn_proxy").vpn_service_name == "ExampleVPN"


def test_a_valid_fastly_key_is_reported(told, host):
    host.config = HostConfig(fake_valid_fastly_keys={"mine"})

    assert told("fastly_key_is_valid", headers=[("fastly-key", b"mine")]) is True
    assert told("fastly_key_is_valid", headers=[("fastly-key", b"other")]) is False


@pytest.mark.parametrize("server", [("2001:db8::1", 443), None])
def test_the_server_address_may_be_ipv6_or_unknown(told, server):
    assert told("server_address", server=server) == (server and server[0])


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1", "HTTP/2"])
def test_the_http_version_is_available(told, version):
    assert told("http_version", version=version) == version


def test_the_original_header_names_are_available(told):
    headers = [("X-One", b"1"), ("ACCEPT", b"a"), ("x-one", b"2")]

    assert told("original_header_names", headers=headers) == ["X-One", "ACCEPT", "x-one"]


@pytest.mark.parametrize(("name", "count"), [("tls", 8), ("bot", 5), ("vpn_proxy", 11)])
def test_the_number_of_calls_is_the_documented_one(told, calls, name, count):
    told(name)

    assert len([call for call in calls if call.startswith("http-downstream.")]) == count
    numbers = {5: "five", 8: "eight", 11: "eleven"}
    assert f"{numbers[count]} calls" in getattr(IncomingRequest, name).__doc__
