"""TLS to an origin: names, authorities, versions, ciphers, certificates."""

import ssl
import tempfile
from dataclasses import replace

import pytest
import trustme

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport import (
    OriginRequest,
)

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


CA = trustme.CA()
OTHER_CA = trustme.CA()
CA_PEM = CA.cert_pem.bytes().decode()


def tls(*names: str, ca: trustme.CA = CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


def test_a_matching_certificate_is_accepted_and_the_name_is_sent(serve, origins, rest):
    asked = []
    context = tls("example.org")
    context.sni_callback = lambda _sock, name, _context: asked.append(name)
    server = serve.answering(OK, tls=context)

    response = origins.send(
        BackendConfig(
            url=server.url,
            cert_hostname="example.org",
            sni_hostname="example.org",
            ca_certificate=CA_PEM,
        ),
        OriginRequest(),
    )

    assert rest(response) == b"ok"
    assert asked == ["example.org"]


# Each pair of names takes another path through OpenSSL and our check: (certificate, wanted, SNI).
@pytest.mark.parametrize(
    ("held", "wanted", "sni"),
    [
        ("example.org", None, None),
        ("example.org", None, "sni.example"),
        ("example.org", "example.org", None),
        ("example.org", "EXAMPLE.org.", ""),
        ("example.org", "example.org", "sni.example"),
        ("*.example.org", "a.example.org", None),
        ("*.example.org", "a.example.org", "a.example.org"),
        ("127.0.0.1", "127.0.0.1", None),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "sni.example"),
        ("::1", "0:0:0:0:0:0:0:1", "sni.example"),
    ],
)
def test_certificate_name_and_sni_are_independent(serve, origins, rest, held, wanted, sni):
    asked = []
    context = tls(held)
    context.sni_callback = lambda _sock, name, _context: asked.append(name)
    server = serve.answering(OK, tls=context)

    response = origins.send(
        BackendConfig(
            url=server.url, cert_hostname=wanted, sni_hostname=sni, ca_certificate=CA_PEM
        ),
        OriginRequest(),
    )

    assert rest(response) == b"ok"
    assert asked == [None if sni in {"", "127.0.0.1"} else sni]


@pytest.mark.parametrize(
    ("held", "wanted", "sni"),
    [
        ("example.org", "other.org", "other.org"),
        ("example.org", "other.org", None),
        ("example.org", "other.org", "example.org"),
        ("*.example.org", "example.org", None),
        ("*.example.org", "a.b.example.org", None),
        ("*.example.org", "a.b.example.org", "a.b.example.org"),
        ("127.0.0.1", "127.0.0.2", None),
        ("127.0.0.1", "127.0.0.2", "sni.example"),
        ("127.0.0.1", "example.org", None),
        ("example.org", "127.0.0.1", "sni.example"),
    ],
)
def test_a_wrong_name_is_refused(serve, failure, held, wanted, sni):
    server = serve.answering(OK, tls=tls(held))
    backend = BackendConfig(
        url=server.url, cert_hostname=wanted, sni_hostname=sni, ca_certificate=CA_PEM
    )

    refused = failure(backend)

    assert (refused.detail, refused.error) == ("tls-certificate-error", "generic-error")
    assert wanted in refused.message
    assert not server.first.seen


@pytest.mark.parametrize("ca", [None, OTHER_CA.cert_pem.bytes().decode()], ids=["none", "other"])
def test_a_certificate_from_an_unknown_authority_is_refused(serve, failure, ca):
    server = serve.answering(OK, tls=tls("example.org"))

    refused = failure(BackendConfig(url=server.url, ca_certificate=ca))

    assert refused.detail == "tls-certificate-error"
    assert "certificate" in refused.message


@pytest.mark.parametrize(
    ("ca", "accepted"),
    [(None, True), (OTHER_CA.cert_pem.bytes().decode(), False)],
    ids=["system", "other"],
)
def test_the_systems_authorities_are_trusted_only_without_others(
    serve, origins, failure, tmp_path, monkeypatch, ca, accepted
):
    roots = tmp_path / "roots.pem"
    roots.write_text(CA_PEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    server = serve.answering(OK, tls=tls("example.org"))
    backend = BackendConfig(url=server.url, ca_certificate=ca)

    if accepted:
        assert origins.send(backend, OriginRequest()).status == 200
    else:
        assert failure(backend).detail == "tls-certificate-error"


def test_one_of_several_authorities_is_enough(serve, origins):
    server = serve.answering(OK, tls=tls("example.org"))
    bundle = OTHER_CA.cert_pem.bytes().decode() + CA_PEM

    response = origins.send(BackendConfig(url=server.url, ca_certificate=bundle), OriginRequest())

    assert response.status == 200


CLIENT = CA.issue_cert("client.example")


def with_client_certificate(backend: BackendConfig) -> BackendConfig:
    return replace(
        backend,
        client_certificate=CLIENT.cert_chain_pems[0].bytes().decode(),
        client_key=CLIENT.private_key_pem.bytes(),
    )


def demanding() -> ssl.SSLContext:
    context = tls("example.org")
    context.verify_mode = ssl.CERT_REQUIRED
    CA.configure_trust(context)
    return context


def test_a_client_certificate_is_presented_and_not_left_on_disk(
    serve, origins, rest, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = []

    def script(peer):
        names.append(peer.sock.getpeercert()["subjectAltName"])
        peer.answer(OK)

    server = serve(script, demanding())
    backend = with_client_certificate(BackendConfig(url=server.url, ca_certificate=CA_PEM))

    assert rest(origins.send(backend, OriginRequest())) == b"ok"
    assert names == [(("DNS", "client.example"),)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "alert"), [(ssl.TLSVersion.TLSv1_3, 116), (ssl.TLSVersion.TLSv1_2, 40)]
)
def test_a_missing_client_certificate_is_the_origins_alert(serve, failure, version, alert):
    context = demanding()
    context.maximum_version = version
    server = serve.answering(OK, tls=context)

    refused = failure(BackendConfig(url=server.url, ca_certificate=CA_PEM))

    assert (refused.detail, refused.alert_id) == ("tls-alert-received", alert)
    assert refused.error == "generic-error"


def test_a_tls_version_that_the_origin_lacks_is_its_alert(serve, failure):
    context = tls("example.org")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = serve.answering(OK, tls=context)

    refused = failure(BackendConfig(url=server.url, ca_certificate=CA_PEM, tls_min_version=0x0304))

    assert (refused.detail, refused.alert_id) == ("tls-alert-received", 70)


def test_the_highest_version_and_the_ciphers_are_respected(serve, origins):
    used = []

    def script(peer):
        used.append((peer.sock.version(), peer.sock.cipher()[0]))
        peer.answer(OK)

    server = serve(script, tls("example.org"))
    cipher = "ECDHE-ECDSA-AES128-GCM-SHA256"

    origins.send(
        BackendConfig(
            url=server.url, ca_certificate=CA_PEM, tls_max_version=0x0303, tls_ciphers=cipher
        ),
        OriginRequest(),
    )

    assert used == [("TLSv1.2", cipher)]


def test_old_versions_are_tried_and_the_real_error_is_reported(serve, failure):
    server = serve.answering(OK, tls=tls("example.org"))

    refused = failure(
        BackendConfig(
            url=server.url, ca_certificate=CA_PEM, tls_min_version=0x0301, tls_max_version=0x0302
        ),
    )

    assert refused.detail in {"tls-alert-received", "tls-configuration-error", "tls-protocol-error"}


BROKEN_DER = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"tls_ciphers": "no-such-cipher"}, "the ciphers"),
        ({"ca_certificate": BROKEN_DER}, "the CA certificate"),
        (
            {
                "client_certificate": CA_PEM,
                "client_key": CLIENT.private_key_pem.bytes(),
            },
            "the client certificate and its key",
        ),
    ],
)
def test_tls_options_that_openssl_refuses_are_a_configuration_error(serve, failure, options, what):
    server = serve.answering(OK, tls=tls("example.org"))

    refused = failure(BackendConfig(url=server.url, **options))

    assert (refused.detail, refused.error) == ("tls-configuration-error", "generic-error")
    assert f"OpenSSL rejects {what} of {server.url}" in refused.message


def test_plain_http_where_tls_is_expected_is_a_tls_error(serve, failure):
    server = serve(lambda peer: (peer.send(b"HTTP/1.1 400 Bad\r\n\r\n"), peer.drain()))

    refused = failure(BackendConfig(url=f"https://127.0.0.1:{server.port}"))

    assert (refused.detail, refused.error) == ("tls-protocol-error", "generic-error")


def test_a_close_in_the_handshake_is_a_terminated_connection(serve, failure):
    server = serve(lambda peer: peer.sock.recv(4096))

    refused = failure(BackendConfig(url=f"https://127.0.0.1:{server.port}"))

    assert refused.detail == "connection-terminated"


def test_tls_connections_are_reused(serve, origins, rest):
    server = serve.answering(OK, tls=tls("example.org"))
    backend = BackendConfig(url=server.url, ca_certificate=CA_PEM)

    for _ in range(3):
        rest(origins.send(backend, OriginRequest()))

    assert len(server.peers) == 1
