"""urllib3, `requests` itself and `http.client` on every host."""

import json
import ssl
import threading
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

pytestmark = pytest.mark.xdist_group("urllib3-hosts")


class Handler(BaseHTTPRequestHandler):
    """Says that it is there."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b'"secure"')

    def log_message(self, *args: object) -> None:
        pass


APP = Path(__file__).parent / "urllib3_app"


@pytest.fixture
def fetch(servers, host, origin):
    app = servers.get(host, APP, "main")

    def fetch(path, url=f"{origin}/echo?a=b", body=None):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("POST", path, body=body, headers={"X-Url": url})
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, (content[:1000], app.lines[-30:])
        return content

    return fetch


@pytest.fixture
def ask(fetch):
    return lambda *args: json.loads(fetch(*args))


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/pool_request", "GET", ""),
        ("/own_pool", "POST", "abc"),
        ("/named", "GET", ""),
        ("/real_requests", "POST", "[1]"),
        ("/urlopen", "POST", "abc"),
        ("/chunked", "POST", "".join(letter * 20_000 for letter in "ABCDE")),
    ],
)
def test_a_request_arrives_and_is_answered(ask, path, method, body):
    seen = ask(path)

    assert (seen["method"], seen["path"], seen["body"]) == (method, "/echo?a=b", body)
    headers = dict(seen["headers"])
    assert ("cookie" in headers, "x-own" in headers) == (
        path == "/real_requests",
        path == "/pool_request",
    )


def test_a_response_is_streamed(fetch, origin):
    assert fetch("/stream", f"{origin}/zeros/3000000") == bytes(3_000_000)


def test_a_refused_connection_is_an_error_of_urllib3(ask, host):
    name, text = ask("/failed", "http://127.0.0.1:1/")

    assert name == ("ProtocolError" if host == "viceroy" else "NewConnectionError"), text


def test_insecure_requests_are_refused(ask):
    assert "always verifies" in ask("/insecure")


@pytest.fixture(scope="module")
def secure():
    """An origin over TLS: its URL, and the PEM of its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/", authority.cert_pem.bytes()
        server.shutdown()
        thread.join()


def test_a_context_brings_its_authorities_and_no_certificate_of_the_client(ask, host, secure):
    url, authority = secure

    assert ask("/context", url, authority) == "secure"
    refused = "No such file" if host == "native" else "a key cannot be read from a context"
    assert refused in ask("/client_cert", url)
