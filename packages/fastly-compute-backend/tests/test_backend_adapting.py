"""What the packages that adapt an HTTP library share."""

import pytest

from fastly_compute.backend import (
    Backend,
    BackendNotAllowed,
    ClientCert,
    DynamicBackendConfig,
    allow_dynamic_backends,
    enforce_explicit_backends,
)
from fastly_compute.backend.adapting import (
    ca_certificate_from,
    checked_backend,
    client_cert_from,
    dynamic_backend,
    explicit_backend,
    timeout_options,
)
from fastly_compute.secret_store import Secret

CONFIG = DynamicBackendConfig(target="origin.example", connect_timeout=1, first_byte_timeout=2)


@pytest.fixture
def _only_one_host():
    enforce_explicit_backends()
    allow_dynamic_backends(hosts=["api.example"])
    yield
    enforce_explicit_backends()
    allow_dynamic_backends()


@pytest.mark.parametrize("backend", ["origin", CONFIG, None])
def test_a_backend_is_itself(backend):
    assert checked_backend(backend) is backend


@pytest.mark.parametrize("backend", [1, b"origin", object()])
def test_anything_else_is_not_a_backend(backend):
    with pytest.raises(TypeError, match=f"DynamicBackendConfig, not {type(backend).__name__}$"):
        checked_backend(backend)


def test_a_url_has_its_backend(sandbox):
    found = dynamic_backend("https://api.example/x", None, connect_timeout=3)

    assert found == Backend.for_url("https://api.example/y", connect_timeout=3)


def test_the_options_of_a_request_replace_those_of_a_configuration(sandbox):
    found = dynamic_backend("http://api.example/", CONFIG, connect_timeout=3)

    assert found == Backend.create_dynamic(
        "origin.example", connect_timeout=3, first_byte_timeout=2
    )


@pytest.mark.parametrize(
    ("url", "use_tls", "is_tls"),
    [
        ("https://a.example/", None, True),
        ("http://a.example/", None, False),
        ("https://a.example/", False, False),
        ("http://a.example/", True, True),
    ],
)
def test_a_configuration_has_tls_as_the_url_does_unless_it_says_otherwise(
    sandbox, url, use_tls, is_tls
):
    found = dynamic_backend(url, DynamicBackendConfig(target="o.example", use_tls=use_tls))

    assert found.is_tls is is_tls


@pytest.mark.usefixtures("_only_one_host")
def test_the_policy_is_about_urls_and_not_about_configurations(sandbox):
    with pytest.raises(BackendNotAllowed):
        dynamic_backend("https://other.example/", None)

    assert dynamic_backend("https://other.example/", CONFIG).is_tls


@pytest.mark.usefixtures("_only_one_host")
def test_the_policy_may_name_a_backend_for_other_hosts():
    with pytest.raises(BackendNotAllowed):
        explicit_backend("https://other.example/")

    enforce_explicit_backends("origin")
    allow_dynamic_backends(hosts=["api.example"])
    assert explicit_backend("https://other.example/") == "origin"
    assert explicit_backend("https://api.example/") is None


def test_only_the_timeouts_that_are_given_are_options():
    assert timeout_options(None, None) == {}
    assert timeout_options(1, None) == {"connect_timeout": 1}
    assert timeout_options(None, 2.5) == {"first_byte_timeout": 2.5, "between_bytes_timeout": 2.5}


def test_certificates_are_text_and_keys_are_secrets(sandbox, pki):
    cert = ClientCert(certificate=pki.certificate, key=Secret.from_bytes(pki.key))

    assert ca_certificate_from(pki.authority) == pki.authority
    assert client_cert_from(cert) is cert
    assert client_cert_from((cert.certificate, cert.key)) == cert


@pytest.mark.parametrize(
    ("verify", "message"),
    [(False, "always verifies"), ("ca.pem", "with a path"), (0, "with a path")],
)
def test_other_ways_to_verify_are_refused(verify, message):
    with pytest.raises(NotImplementedError, match=message):
        ca_certificate_from(verify)


@pytest.mark.parametrize("cert", ["both.pem", ("a.pem", "b.pem"), (1, 2, 3)])
def test_files_of_certificates_are_refused(cert):
    with pytest.raises(NotImplementedError, match="files cannot be read at run time"):
        client_cert_from(cert)
