"""What the packages that adapt an HTTP library share."""

import pytest

from fastly_compute.backend import (
    Backend,
    BackendNotAllowed,
    ClientCert,
    DynamicBackendConfig,
    InvalidBackendOption,
    allow_dynamic_backends,
    enforce_explicit_backends,
)
from fastly_compute.backend.adapting import (
    Keywords,
    backend_for,
    ca_certificate_from,
    checked_backend,
    client_cert_from,
    timeout_options,
)
from fastly_compute.backend.target import parse_url
from fastly_compute.secret_store import Secret

CONFIG = DynamicBackendConfig(target="origin.example", connect_timeout=1, first_byte_timeout=2)
WORDS = Keywords(
    timeouts="timeout=", others="verify= and cert=", ignoring="pass ignore_timeout=True"
)


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
    found = backend_for("https://api.example/x", None, WORDS, timeouts={"connect_timeout": 3})

    assert found == Backend.for_url("https://api.example/y", connect_timeout=3)


@pytest.mark.parametrize("backend", [None, CONFIG])
def test_the_url_is_parsed_once_and_only_if_it_names_the_backend(sandbox, monkeypatch, backend):
    parsed = []

    def parse(url):
        parsed.append(url)
        return parse_url(url)

    monkeypatch.setattr("fastly_compute.backend.adapting.parse_url", parse)
    monkeypatch.setattr("fastly_compute.backend.backend.parse_url", parse)
    backend_for("https://api.example/x", backend, WORDS, timeouts={"connect_timeout": 3})

    assert parsed == ([] if backend else ["https://api.example/x"])


def test_what_is_given_replaces_a_configuration_which_replaces_the_defaults(sandbox):
    found = backend_for(
        "http://api.example/",
        CONFIG,
        WORDS,
        timeouts={"connect_timeout": 3},
        defaults={"connect_timeout": 5, "first_byte_timeout": 5, "between_bytes_timeout": 5},
    )

    assert found == Backend.create_dynamic(
        "origin.example", connect_timeout=3, first_byte_timeout=2, between_bytes_timeout=5
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
    config = DynamicBackendConfig(target="o.example", use_tls=use_tls)

    assert backend_for(url, config, WORDS).is_tls is is_tls


@pytest.mark.parametrize(
    ("url", "use_tls", "name"),
    [
        ("http://a.example/", None, None),
        ("http://a.example/", True, "b.example"),
        ("https://a.example/", None, "b.example"),
    ],
)
def test_options_for_tls_do_not_matter_without_it(sandbox, url, use_tls, name):
    others = {"cert_hostname": "b.example"}
    config = DynamicBackendConfig(target="a.example", use_tls=use_tls)

    assert backend_for(url, config, WORDS, others=others).config.cert_hostname == name
    if use_tls is None:
        assert backend_for(url, None, WORDS, others=others).config.cert_hostname == name


def test_options_for_tls_contradict_a_configuration_without_it():
    config = DynamicBackendConfig(target="a.example", use_tls=False)

    with pytest.raises(InvalidBackendOption, match="use_tls"):
        backend_for("https://a.example/", config, WORDS, others={"cert_hostname": "b.example"})


@pytest.mark.usefixtures("_only_one_host")
def test_the_policy_is_about_urls_and_not_about_configurations(sandbox):
    with pytest.raises(BackendNotAllowed):
        backend_for("https://other.example/", None, WORDS)

    assert backend_for("https://other.example/", CONFIG, WORDS).is_tls


@pytest.mark.usefixtures("_only_one_host")
def test_the_policy_may_name_a_backend_for_other_hosts(sandbox):
    enforce_explicit_backends("origin")
    timeouts = {"connect_timeout": 3}
    defaults = {"connect_timeout": 5}

    assert backend_for("https://other.example/", None, WORDS, defaults=defaults) == "origin"
    found = backend_for(
        "https://other.example/", None, WORDS, timeouts=timeouts, ignore_timeout=True
    )
    assert found == "origin"
    assert backend_for("https://api.example/", None, WORDS, timeouts=timeouts).is_dynamic


@pytest.mark.usefixtures("_only_one_host")
@pytest.mark.parametrize(
    ("given", "what", "ways"),
    [
        (
            {"timeouts": {"connect_timeout": 3}},
            "timeout=",
            (
                ", allow a dynamic backend for this host with allow_dynamic_backends or pass "
                "ignore_timeout=True"
            ),
        ),
        (
            {"others": {"ca_certificate": "secret", "client_cert": None}, "ignore_timeout": True},
            "verify= and cert= (ca_certificate, client_cert)",
            " or allow a dynamic backend for this host with allow_dynamic_backends",
        ),
    ],
)
def test_a_backend_that_the_policy_names_takes_no_options(given, what, ways):
    enforce_explicit_backends("origin")

    with pytest.raises(ValueError) as caught:
        backend_for("https://other.example/?token=secret", None, WORDS, **given)
    assert str(caught.value) == (
        f"{what} cannot be used with the backend 'origin', to which enforce_explicit_backends "
        "sends requests for 'other.example', because its options are fixed: configure 'origin' "
        f"itself{ways}"
    )


@pytest.mark.parametrize("as_object", [False, True])
def test_a_backend_that_is_given_takes_no_options(sandbox, as_object):
    backend = Backend.create_dynamic("a.example") if as_object else "origin"
    name = backend.name if as_object else backend
    timeouts = {"connect_timeout": 3}
    url = "http://a.example/"

    assert backend_for(url, backend, WORDS, defaults=timeouts) is backend
    assert backend_for(url, backend, WORDS, timeouts=timeouts, ignore_timeout=True) is backend
    with pytest.raises(ValueError, match=f"timeout= cannot be used with the backend '{name}', b"):
        backend_for(url, backend, WORDS, timeouts=timeouts)
    with pytest.raises(ValueError, match=r"cert= \(cert_hostname\).* or leave the backend out$"):
        backend_for(url, backend, WORDS, others={"cert_hostname": "b"}, ignore_timeout=True)


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
