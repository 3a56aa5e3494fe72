"""From the SDK to a real TLS origin: names, authorities and client certificates."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from fastly_compute.backend import UNCHECKED_CERT_HOSTNAME, Backend, ClientCert, TLSVersion
from fastly_compute.http import (
    Request,
    SendError,
    TlsCertificateError,
    TlsError,
)
from fastly_compute.local import Host
from fastly_compute.secret_store import Secret

NAME = "origin.example"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"{self.headers['host']} over {self.request.version()}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class Listener(ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        pass  # a refused handshake is what some tests want


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def listen(authority):
    """Starts TLS servers with a certificate for NAME, and ends them."""
    running = []

    def listen(configure=lambda context: None) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(NAME).configure_cert(context)
        configure(context)
        server = Listener(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return server.server_port

    yield listen
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def host():
    with Host(output=lambda line: None) as host, host.native():
        yield host


@pytest.fixture
def pem(authority) -> str:
    return authority.cert_pem.bytes().decode()


def get(port: int, **options) -> str:
    backend = Backend.create_dynamic(f"127.0.0.1:{port}", **options)
    with Request("GET", f"https://{NAME}/").send(backend) as answer:
        return answer.body.read().decode()


def test_the_right_name_is_accepted(listen, pem) -> None:
    said = get(listen(), cert_hostname=NAME, sni_hostname=NAME, ca_certificate=pem)

    assert said.startswith(f"{NAME} over TLSv1.")


def test_the_wrong_name_is_refused(listen, pem) -> None:
    with pytest.raises(TlsCertificateError) as caught:
        get(listen(), cert_hostname="other.example", ca_certificate=pem)

    assert caught.value.backend.startswith("https-127.0.0.1:")
    assert caught.value.is_retry_safe


def test_the_targets_own_name_is_demanded_where_no_other_is_named(listen, pem) -> None:
    with pytest.raises(TlsCertificateError):
        get(listen(), ca_certificate=pem)


def test_any_name_is_accepted_where_the_check_is_switched_off(listen, pem) -> None:
    said = get(listen(), cert_hostname=UNCHECKED_CERT_HOSTNAME, ca_certificate=pem)

    assert said.startswith(NAME)


def test_a_private_authority_is_trusted_only_where_it_is_given(listen) -> None:
    with pytest.raises(TlsCertificateError):
        get(listen(), cert_hostname=NAME)


def test_a_client_certificate_is_shown_where_it_is_demanded(listen, authority, pem) -> None:
    def demand(context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)

    port = listen(demand)
    leaf = authority.issue_cert("client.example")
    certificate = ClientCert(
        certificate=leaf.cert_chain_pems[0].bytes().decode(),
        key=Secret.from_bytes(leaf.private_key_pem.bytes()),
    )
    said = get(port, cert_hostname=NAME, ca_certificate=pem, client_cert=certificate)
    with pytest.raises(SendError):
        get(port, cert_hostname=NAME, ca_certificate=pem)

    assert said.startswith(NAME)


def test_a_version_that_the_origin_lacks_is_refused(listen, pem) -> None:
    def only_1_2(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    port = listen(only_1_2)
    said = get(port, cert_hostname=NAME, ca_certificate=pem, tls_max_version=TLSVersion.V1_2)
    with pytest.raises(TlsError):
        get(port, cert_hostname=NAME, ca_certificate=pem, tls_min_version=TLSVersion.V1_3)

    assert said.endswith("over TLSv1.2")
