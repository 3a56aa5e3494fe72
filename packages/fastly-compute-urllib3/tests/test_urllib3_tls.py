"""The TLS options of urllib3, with a real TLS origin."""

import ssl
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import requests
import urllib3
from urllib3.exceptions import MaxRetryError, SSLError

from fastly_compute.http import TlsCertificateError
from fastly_compute.secret_store import Secret
from fastly_compute.urllib3 import PoolManager


@pytest.fixture(params=["ours", "injected"])
def manager(request, host):
    if request.param == "ours":
        return PoolManager
    request.getfixturevalue("injected")
    return urllib3.PoolManager


def test_certificates_are_verified_against_the_public_authorities(manager, secure):
    with pytest.raises(SSLError) as caught:
        manager(retries=False).request("GET", secure.url)
    cause = caught.value.args[0]
    assert isinstance(cause, ssl.SSLCertVerificationError)
    assert isinstance(cause.__cause__, TlsCertificateError)
    with pytest.raises(MaxRetryError, match=r"(?i)certificate"):
        manager(retries=1).request("GET", secure.url)


def test_authorities_are_pem_der_or_a_file(manager, secure, tmp_path):
    file = tmp_path / "authority.pem"
    file.write_text(secure.authority)
    for options in (
        {"ca_cert_data": secure.authority},
        {"ca_cert_data": secure.authority.encode()},
        {"ca_cert_data": ssl.PEM_cert_to_DER_cert(secure.authority)},
        {"ca_certs": str(file)},
    ):
        assert manager(**options).request("GET", secure.url).status == 200


def test_requests_takes_a_file(injected, secure, tmp_path):
    file = tmp_path / "authority.pem"
    file.write_text(secure.authority)
    assert requests.get(secure.url, verify=str(file)).ok
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(secure.url)


def test_names_are_checked(manager, secure):
    ours = {"ca_cert_data": secure.authority, "retries": False}
    assert manager(**ours, assert_hostname="inner.example").request("GET", secure.url).status == 200
    assert manager(**ours, server_hostname="inner.example").request("GET", secure.url).status == 200
    with pytest.raises(SSLError):
        manager(**ours, assert_hostname="other.example").request("GET", secure.url)


def test_versions_are_passed_on(manager, host, secure):
    versions = {
        "ssl_minimum_version": ssl.TLSVersion.TLSv1_3,
        "ssl_maximum_version": ssl.TLSVersion.MAXIMUM_SUPPORTED,
    }
    response = manager(ca_cert_data=secure.authority, **versions).request("GET", secure.url)
    assert response.status == 200


def test_a_client_certificate_is_pem_and_a_secret(manager, secure):
    key = Secret.from_bytes(secure.key)
    options = {"cert_file": secure.certificate, "key_file": key, "ca_cert_data": secure.authority}
    assert manager(**options).request("GET", secure.url).status == 200


@pytest.mark.parametrize(
    "options",
    [
        {"cert_reqs": "CERT_NONE"},
        {"cert_reqs": ssl.CERT_NONE},
        {"assert_hostname": False},
        {"assert_fingerprint": "00" * 32},
        {"ca_cert_dir": "/etc/ssl/certs"},
        {"cert_file": "client.pem", "key_file": "client.key"},
        {"key_password": "secret"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_what_no_backend_can_do_is_refused(manager, secure, options):
    secure.seen.clear()
    with pytest.raises(NotImplementedError, match="not supported") as caught:
        manager(**options).request("GET", secure.url)
    assert "secret" not in str(caught.value).lower().replace("a secret", "")
    assert secure.seen == []


def test_a_context_that_does_not_verify_is_refused(manager, secure):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(NotImplementedError, match="not supported"):
        manager(ssl_context=context).request("GET", secure.url)


def test_a_context_that_leaves_the_name_to_urllib3_is_accepted(manager, secure):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # as in those that botocore makes: urllib3 compares the names
    trusted = manager(ssl_context=context, ca_cert_data=secure.authority)

    assert trusted.request("GET", secure.url).status == 200


def test_requests_without_verification_is_refused(injected, secure):
    with pytest.raises(NotImplementedError, match="CERT_NONE"):
        requests.get(secure.url, verify=False)


@pytest.mark.parametrize("way", ["cadata", "cafile"])
def test_a_context_brings_its_authorities(manager, secure, tmp_path, way):
    file = tmp_path / "authority.pem"
    file.write_text(secure.authority)
    trusted = {"cadata": secure.authority} if way == "cadata" else {"cafile": str(file)}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(**trusted)
    assert manager(ssl_context=context).request("GET", secure.url).status == 200
    with pytest.raises(SSLError):
        manager(ssl_context=ssl.create_default_context(), retries=False).request("GET", secure.url)


@pytest.mark.parametrize("version", [ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLSv1_2])
def test_a_protocol_is_one_version_or_all(manager, secure, version):
    options = {"ssl_version": version, "ca_cert_data": secure.authority}
    assert manager(**options).request("GET", secure.url).status == 200


def test_http_client_takes_a_context(injected_http_client, secure):
    context = ssl.create_default_context(cadata=secure.authority)
    with urlopen(secure.url, context=context, timeout=5) as response:
        assert response.status == 200
    with pytest.raises(URLError, match="certificate verify failed"):
        urlopen(secure.url, timeout=5)
    context.check_hostname = False
    with pytest.raises(NotImplementedError, match="check_hostname"):
        urlopen(secure.url, context=context, timeout=5)
