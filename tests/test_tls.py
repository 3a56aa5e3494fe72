"""From the SDK to a real TLS origin, on every host: names, authorities, versions, certificates."""

import json
import socket
import ssl
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

pytestmark = pytest.mark.xdist_group("backends")

APP = Path(__file__).parent / "test_backend_app"
NAME = "origin.example"
OTHER = "other.example"


class Handler(BaseHTTPRequestHandler):
    """Answers with what it knows of the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        certificate = self.request.getpeercert() or {}
        names = [value for _, value in certificate.get("subjectAltName", ())]
        seen = {
            "host": self.headers["host"],
            "version": self.request.version(),
            "sni": self.server.asked_for.get(self.client_address),
            "client": names,
        }
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        # The cache goes by the URL alone, which is the same for every origin here.
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class Listener(ThreadingHTTPServer):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked_for = {}

        def note(connection, name, _context) -> None:
            # The callback may come before the connection is the wrapped socket's.
            with suppress(OSError):
                self.asked_for[connection.getpeername()] = name

        context.sni_callback = note
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request, client_address) -> None:
        pass  # a refused handshake is what most tests want


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def stranger() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def listen(authority):
    """Starts TLS servers, and ends them."""
    running = []

    def listen(*names, configure=lambda context: None, **issue) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or (NAME,)), **issue).configure_cert(context)
        configure(context)
        server = Listener(context)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return server.server_port

    yield listen
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def pem(authority) -> str:
    return authority.cert_pem.bytes().decode()


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "backend_app")


@pytest.fixture
def send(app, pem):
    """Sends a request through a dynamic backend that trusts the authority."""

    def send(port, *, host="127.0.0.1", **options):
        options = {"ca_certificate": pem, **options}
        if options["ca_certificate"] is None:
            del options["ca_certificate"]
            options["use_tls"] = True
        asked = {"do": "send", "url": f"https://{NAME}/", "target": f"{host}:{port}"}
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("POST", "/", body=json.dumps({**asked, "options": options}))
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        return json.loads(content)

    return send


@pytest.fixture
def answered(send):
    """What the origin answers."""

    def answered(port, **options):
        found = send(port, **options)
        assert "answer" in found, found
        assert found["answer"]["host"] == NAME
        return found["answer"]

    return answered


@pytest.fixture
def refused(app, send):
    """The error, which has to be of this kind where the host tells why; Viceroy never does."""

    def refused(kind, port, **options):
        found = send(port, **options)
        assert "errors" in found, found
        assert ("SendError" if app.host == "viceroy" else kind) in found["errors"]
        assert found["backend"].startswith(f"https-{options.get('host', '127.0.0.1')}:{port}-")
        assert repr(found["backend"]) in found["message"]
        assert f"https://{NAME}/" in found["message"]
        if app.host != "viceroy":
            assert "(tls-" in found["message"]
            if kind == "TlsCertificateError":
                assert "the backend's certificate was not accepted" in found["message"]
                assert found["retry_safe"] is True
        return found

    return refused


def test_the_right_name_is_accepted_with_sni(listen, answered) -> None:
    found = answered(listen(), cert_hostname=NAME, sni_hostname=NAME)

    assert found["sni"] == NAME
    assert found["version"] == "TLSv1.3"


def test_the_right_name_is_accepted_without_sni(app, listen, answered) -> None:
    found = answered(listen(), cert_hostname=NAME)

    # The target is an address. Viceroy asks for the certificate's name all the same.
    assert found["sni"] == (NAME if app.host == "viceroy" else None)


def test_the_wrong_name_is_refused_with_sni(listen, refused) -> None:
    refused("TlsCertificateError", listen(), cert_hostname=OTHER, sni_hostname=OTHER)


def test_the_wrong_name_is_refused_without_sni(listen, refused) -> None:
    refused("TlsCertificateError", listen(), cert_hostname=OTHER)


def test_another_name_than_the_certificates_can_be_asked_for(app, listen, send) -> None:
    found = send(listen(), cert_hostname=NAME, sni_hostname=OTHER)

    if app.host == "viceroy":  # its TLS library has one name for both
        assert "BackendConfigRefused" in found["errors"]
    else:
        assert found["answer"]["sni"] == OTHER


def test_the_wrong_name_is_refused_though_the_right_one_was_asked_for(app, listen, send) -> None:
    found = send(listen(), cert_hostname=OTHER, sni_hostname=NAME)

    refusal = "BackendConfigRefused" if app.host == "viceroy" else "TlsCertificateError"
    assert refusal in found["errors"]


def test_the_targets_own_name_is_asked_for_and_demanded(listen, answered, refused) -> None:
    found = answered(listen("localhost"), host="localhost")
    refused("TlsCertificateError", listen(), host="localhost")

    assert found["sni"] == "localhost"


def test_a_certificate_for_all_names_of_a_domain_is_for_each_of_them(
    listen, answered, refused
) -> None:
    port = listen("*.origin.example")

    assert answered(port, cert_hostname="www.origin.example")
    refused("TlsCertificateError", port, cert_hostname=NAME)
    refused("TlsCertificateError", port, cert_hostname="a.b.origin.example")


def test_any_name_is_accepted_where_the_check_is_switched_off(app, listen, send) -> None:
    found = send(listen(), cert_hostname="")

    if app.host == "viceroy":  # it checks the target's name where none is given
        assert "SendError" in found["errors"]
    else:
        assert found["answer"]["host"] == NAME


def test_a_private_authority_is_trusted_only_where_it_is_given(listen, answered, refused) -> None:
    port = listen()

    assert answered(port, cert_hostname=NAME)
    refused("TlsCertificateError", port, cert_hostname=NAME, ca_certificate=None)


def test_another_authority_is_not_trusted(listen, refused, stranger) -> None:
    other = stranger.cert_pem.bytes().decode()

    refused("TlsCertificateError", listen(), cert_hostname=NAME, ca_certificate=other)


def test_one_of_several_authorities_is_enough(listen, answered, stranger, pem) -> None:
    both = stranger.cert_pem.bytes().decode() + pem

    assert answered(listen(), cert_hostname=NAME, ca_certificate=both)


def test_a_certificate_that_has_expired_is_refused(listen, refused) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    port = listen(not_before=yesterday - timedelta(days=1), not_after=yesterday)

    refused("TlsCertificateError", port, cert_hostname=NAME)


def test_a_certificate_that_is_not_valid_yet_is_refused(listen, refused) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    refused("TlsCertificateError", listen(not_before=tomorrow), cert_hostname=NAME)


@pytest.mark.parametrize("option", [{}, {"cert_hostname": "127.0.0.1"}])
def test_the_address_of_a_target_is_what_its_certificate_is_for(listen, answered, option) -> None:
    assert answered(listen("127.0.0.1"), **option)["sni"] is None


def test_a_certificate_for_another_address_or_for_a_name_is_refused(listen, refused) -> None:
    refused("TlsCertificateError", listen("192.0.2.1"))
    refused("TlsCertificateError", listen())


@pytest.fixture
def demand(authority):
    """Makes an origin demand a client certificate of the authority."""

    def demand(context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)

    return demand


def pair(leaf: trustme.LeafCert) -> list[str]:
    chain = "".join(blob.bytes().decode() for blob in leaf.cert_chain_pems)
    return [chain, leaf.private_key_pem.bytes().decode()]


def test_a_client_certificate_is_shown_where_it_is_demanded(
    listen, answered, authority, demand
) -> None:
    port = listen(configure=demand)
    shown = pair(authority.issue_cert("client.example"))

    assert answered(port, cert_hostname=NAME, client_cert=shown)["client"] == ["client.example"]


def test_a_client_certificate_with_intermediate_ones_is_shown_whole(
    listen, answered, authority, demand
) -> None:
    shown = pair(authority.create_child_ca().issue_cert("client.example"))

    assert shown[0].count("BEGIN CERTIFICATE") == 2
    found = answered(listen(configure=demand), cert_hostname=NAME, client_cert=shown)
    assert found["client"] == ["client.example"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_client_certificate_or_a_strangers_is_refused_by_the_origin(
    listen, send, stranger, demand, version
) -> None:
    def configure(context: ssl.SSLContext) -> None:
        demand(context)
        context.minimum_version = context.maximum_version = version

    port = listen(configure=configure)
    without = send(port, cert_hostname=NAME)
    strange = send(
        port, cert_hostname=NAME, client_cert=pair(stranger.issue_cert("client.example"))
    )

    for found in (without, strange):
        assert "SendError" in found["errors"]
        assert repr(found["backend"]) in found["message"]


def only(version: ssl.TLSVersion):
    def configure(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = version

    return configure


@pytest.mark.parametrize(
    ("speaks", "options", "fits"),
    [
        ("1.2", {}, True),
        ("1.2", {"tls_min_version": "1.2"}, True),
        ("1.2", {"tls_max_version": "1.2"}, True),
        ("1.2", {"tls_min_version": "1.3"}, False),
        ("1.3", {}, True),
        ("1.3", {"tls_min_version": "1.3"}, True),
        ("1.3", {"tls_min_version": "1.2", "tls_max_version": "1.3"}, True),
        ("1.3", {"tls_max_version": "1.2"}, False),
    ],
)
def test_the_versions_of_origin_and_backend_have_to_meet(
    app, listen, answered, refused, speaks, options, fits
) -> None:
    port = listen(configure=only(getattr(ssl.TLSVersion, f"TLSv{speaks.replace('.', '_')}")))

    if fits or app.host == "viceroy":  # which takes any version, whatever is asked for
        assert answered(port, cert_hostname=NAME, **options)["version"] == f"TLSv{speaks}"
    else:
        refused("TlsError", port, cert_hostname=NAME, **options)


def test_the_ciphers_of_origin_and_backend_have_to_meet(app, listen, answered, refused) -> None:
    def configure(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")

    port = listen(configure=configure)
    assert answered(port, cert_hostname=NAME, tls_ciphers="ECDHE+AESGCM")
    other = {"cert_hostname": NAME, "tls_ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"}
    if app.host == "viceroy":  # which chooses the ciphers itself
        assert answered(port, **other)
    else:
        refused("TlsError", port, **{**other, "tls_max_version": "1.2"})


def test_an_origin_without_tls_is_an_error(origin, send) -> None:
    found = send(urlsplit(origin).port, cert_hostname=NAME)

    assert "SendError" in found["errors"]
    assert repr(found["backend"]) in found["message"]


def test_an_origin_that_hangs_up_in_the_handshake_is_an_error(send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = send(server.getsockname()[1], cert_hostname=NAME)
        thread.join()

    assert "SendError" in found["errors"]
    assert repr(found["backend"]) in found["message"]
