"""`verify=` and `cert=` with a real TLS origin."""

import httpx
import pytest

from fastly_compute.backend import ClientCert
from fastly_compute.httpx import Client, Transport
from fastly_compute.local import Host
from fastly_compute.secret_store import Secret


@pytest.fixture(autouse=True)
def _guest():
    with Host(output=lambda line: None) as host, host.guest_context():
        yield


def test_a_certificate_is_verified_against_the_public_authorities(secure):
    with pytest.raises(httpx.ConnectError):
        Client().get(secure.url)


def test_verify_is_the_authorities_to_trust_and_cert_who_the_client_is(secure):
    cert = (secure.certificate, Secret.from_bytes(secure.key))
    named = ClientCert(certificate=cert[0], key=cert[1])

    assert Client(verify=secure.authority).get(secure.url).json() == []
    for given in (cert, named):
        client = Client(verify=secure.authority, cert=given)
        assert client.get(secure.url).json() == ["client.example"]


def test_certificates_are_not_for_http(origin, secure):
    client = Client(verify=secure.authority)

    assert client.get(origin.url).is_success
    assert client.get(secure.url).is_success


def test_a_backend_that_is_given_has_its_own_certificates(secure):
    client = Client(backend="origin", verify=secure.authority)

    with pytest.raises(ValueError, match=r"verify= and cert= \(ca_certificate\) cannot be used"):
        client.get(secure.url)


def test_no_key_is_shown(secure):
    transport = Transport(cert=(secure.certificate, Secret.from_bytes(secure.key)))

    assert "PRIVATE" not in repr(transport) + repr(vars(transport))
