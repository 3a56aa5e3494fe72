"""`verify=` and `cert=` with a real TLS origin."""

import pytest

from fastly_compute import requests
from fastly_compute.backend import ClientCert
from fastly_compute.local import Host
from fastly_compute.secret_store import Secret


@pytest.fixture(autouse=True)
def _guest():
    with Host() as host, host.guest_context():
        yield


def test_a_certificate_is_verified_against_the_public_authorities(secure):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(secure.url)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(secure.url, verify=True)


def test_verify_takes_the_authorities_to_trust_instead(secure):
    assert requests.get(secure.url, verify=secure.authority).json() == []
    session = requests.Session()
    session.verify = secure.authority
    assert session.get(secure.url).ok
    assert session.get(secure.url, verify=None).ok
    with pytest.raises(requests.exceptions.SSLError):
        session.get(secure.url, verify=True)


def test_verify_does_not_matter_to_a_url_without_tls(secure, echo):
    assert requests.get(echo.url, verify=secure.authority).ok
    assert requests.get(echo.url, cert=(secure.certificate, Secret.from_bytes(secure.key))).ok


def test_verify_takes_no_other_text(secure):
    with pytest.raises(ValueError, match="ca_certificate"):
        requests.get(secure.url, verify="-----BEGIN CERTIFICATE-----\nx")


def test_a_client_certificate_is_shown_with_its_secret_key(secure):
    key = Secret.from_bytes(secure.key)

    for cert in (
        (secure.certificate, key),
        ClientCert(certificate=secure.certificate, key=key),
    ):
        response = requests.get(secure.url, verify=secure.authority, cert=cert)
        assert response.json() == ["client.example"]
    assert requests.get(secure.url, verify=secure.authority).json() == []


def test_a_client_certificate_is_refused_for_a_backend_that_has_its_own(secure):
    cert = (secure.certificate, Secret.from_bytes(secure.key))

    with pytest.raises(ValueError, match=r"verify= and cert= \(\w+\) cannot be used"):
        requests.get(secure.url, backend="origin", cert=cert)
    with pytest.raises(NotImplementedError, match="the key as a Secret"):
        requests.get(secure.url, cert=(secure.certificate, secure.key.decode()))
    with pytest.raises(TypeError, match=r"client_cert\.key must be a Secret"):
        requests.get(secure.url, cert=(secure.certificate, secure.key))
