import mtls_origin
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


@pytest.fixture(scope="module")
def issued():
    """A client certificate, and its key in PKCS#8."""
    cert = trustme.CA().issue_cert("edge.example")
    key = load_pem_private_key(cert.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return cert.cert_chain_pems[0].bytes().decode(), pem


@pytest.fixture
def compute_app():
    return mtls_origin.HttpIncoming


@pytest.fixture(autouse=True)
def bank(compute_host, issued):
    compute_host.config_stores["mtls"] = {"client-certificate": issued[0]}
    compute_host.secrets["mtls"]["client-key"] = issued[1]
    return compute_host.target("bank.example")


def test_the_certificate_is_presented_and_the_key_not_read(
    compute_host, compute_client, bank, issued
):
    bank.get("/rates", json=7)
    answer = compute_client.get("/rates")
    (call,) = compute_host.calls

    assert answer.json() == 7
    assert call.config.client_certificate == issued[0]
    assert call.config.cert_hostname == "bank.example"
    assert compute_host.secrets_read == []


def test_an_origin_that_refuses_the_certificate_is_a_502(compute_client, bank, capsys):
    bank.error("tls-alert-received")

    assert compute_client.get("/rates").status == 502
    assert "bank.example" in capsys.readouterr().out


def test_what_is_not_a_certificate_is_a_502(compute_host, compute_client):
    compute_host.config_stores["mtls"]["client-certificate"] = "no PEM"

    assert compute_client.get("/rates").status == 502


def test_other_methods_are_refused(compute_host, compute_client):
    assert compute_client.post("/rates", body=b"1").status == 405
    assert not compute_host.calls
