"""`verify=` and `cert=` with a real TLS origin."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import httpx
import pytest
import trustme

from fastly_compute.backend import ClientCert
from fastly_compute.httpx import Client, Transport
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

    with pytest.raises(ValueError, match="verify= and cert= have no effect on a backend"):
        client.get(secure.url)


def test_no_key_is_shown(secure):
    transport = Transport(cert=(secure.certificate, Secret.from_bytes(secure.key)))

    assert "PRIVATE" not in repr(transport) + repr(vars(transport))
