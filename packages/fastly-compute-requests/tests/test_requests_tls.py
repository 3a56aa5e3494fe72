"""`verify=` and `cert=` with a real TLS origin."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import trustme

from fastly_compute import requests
from fastly_compute.backend import ClientCert
from fastly_compute.local import Host
from fastly_compute.secret_store import Secret


class Handler(BaseHTTPRequestHandler):
    wbufsize = -1

    def do_GET(self):
        certificate = self.request.getpeercert() or {}
        names = [name for _, name in certificate.get("subjectAltName", ())]
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(json.dumps(names).encode())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def secure():
    """An origin that takes client certificates; its URL, authority and a client's certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    client = authority.issue_cert("client.example")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield SimpleNamespace(
            url=f"https://127.0.0.1:{server.server_port}/",
            authority=authority.cert_pem.bytes().decode(),
            certificate=b"".join(pem.bytes() for pem in client.cert_chain_pems).decode(),
            key=client.private_key_pem.bytes(),
        )
        server.shutdown()
        thread.join()


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

    with pytest.raises(ValueError, match="verify= and cert= have no effect"):
        requests.get(secure.url, backend="origin", cert=cert)
    with pytest.raises(NotImplementedError, match="the key as a Secret"):
        requests.get(secure.url, cert=(secure.certificate, secure.key.decode()))
    with pytest.raises(TypeError, match=r"client_cert\.key must be a Secret"):
        requests.get(secure.url, cert=(secure.certificate, secure.key))
