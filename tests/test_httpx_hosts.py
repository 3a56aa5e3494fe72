"""httpx on every host: see tests/httpx_app."""

import json
import ssl
import threading
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

pytestmark = pytest.mark.xdist_group("httpx-hosts")

APP = Path(__file__).parent / "httpx_app"


class Handler(BaseHTTPRequestHandler):
    """Responds as its path says: not at all, in part, or with the cookies that it got."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Origin"

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        getattr(self, f"respond_{target.path[1:]}")(parse_qs(target.query))

    def send(self, body: bytes, *headers: tuple[str, str], length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or length is not None

    def respond_get(self, query: object) -> None:
        self.send(b"")

    def respond_together(self, query: object) -> None:
        self.server.together.wait(60)
        self.send(b"together")

    def respond_never(self, query: object) -> None:
        self.server.over.wait()
        self.close_connection = True

    def respond_closed(self, query: object) -> None:
        self.close_connection = True

    def respond_garbage(self, query: object) -> None:
        self.wfile.write(b"this is not HTTP\r\n\r\n")
        self.close_connection = True

    def respond_truncated(self, query: object) -> None:
        self.send(b"half", length=8)

    def respond_truncated_chunks(self, query: object) -> None:
        head = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.wfile.write(head + b"4\r\nhalf\r\n")
        self.close_connection = True

    def respond_cookies(self, query: dict[str, list[str]]) -> None:
        cookies = [("Set-Cookie", value) for value in query.get("set-cookie", ())]
        self.send(self.headers.get("Cookie", "").encode(), *cookies)

    def respond_certificate(self, query: object) -> None:
        certificate = self.request.getpeercert() or {}
        names = [name for _, name in certificate.get("subjectAltName", ())]
        self.send(json.dumps(names).encode())

    def log_message(self, *args: object) -> None:
        pass


class Origin(ThreadingHTTPServer):
    """An origin; with an authority, over TLS."""

    def __init__(self, authority: trustme.CA | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.together = threading.Barrier(3)
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        if authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
            authority.configure_trust(context)
            context.verify_mode = ssl.CERT_OPTIONAL
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.url = self.url.replace("http:", "https:")
        self._thread = threading.Thread(target=self.serve_forever)

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that is gone, or does not trust it

    def __enter__(self) -> "Origin":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


@pytest.fixture(scope="module")
def odd():
    """An origin that responds in odd ways."""
    with Origin() as running:
        yield running.url


@pytest.fixture
def have(servers, host):
    """Have the app do something."""
    app = servers.get(host, APP, "httpx_app")

    def have(do, **arguments):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("POST", "/", body=json.dumps({"do": do, **arguments}))
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, (content, app.lines[-30:])
        return json.loads(content)

    return have


def test_requests_are_sent_by_both_clients(have, origin):
    head, got, posted = have("sent", url=origin)

    assert head == [200, "HTTP/1.1", "OK"]
    assert (got["method"], got["path"]) == ("GET", "/get?a=b+c")
    assert ["x-own", "yes"] in got["headers"]
    assert (posted["method"], posted["body"]) == ("POST", "[1]")
    assert ["content-length", "3"] in posted["headers"]


def test_backends_may_be_given(have, origin):
    assert have("given", url=origin) == ["/1", "/2", "/3", "/4"]


def test_bodies_are_streamed_both_ways(have, origin):
    numbers = "".join(f"{number}," for number in range(100))

    assert have("streamed", url=origin) == [numbers, numbers, [300000, 300000], "unzipped"]


def test_requests_are_awaited_together(have, odd):
    assert have("together", url=odd) == ["together"] * 3


def test_a_cancelled_request_is_closed(have, odd):
    assert have("cancelled", url=odd) == 200


def test_failures_have_httpxs_classes_and_their_cause(have, odd, host):
    found = have("failed", url=odd)

    for used in ("get", "stream"):
        for path in ("truncated", "truncated_chunks"):
            kind, cause, where = found[f"{used} {path}"]
            assert where == f"/{path}"
            assert (kind, cause) in {
                ("RemoteProtocolError", "BodyIncomplete"),
                ("ReadError", "BodyError"),
            }
        closed, garbage = found[f"{used} closed"][:2], found[f"{used} garbage"][:2]
        assert closed == ["RemoteProtocolError", "ResponseIncomplete"]
        assert garbage == ["RemoteProtocolError", "ProtocolError"]
    refused = ["NetworkError", "SendError"] if host == "viceroy" else None
    assert found["refused"] == (refused or ["ConnectError", "ConnectionRefused"])


def test_verify_and_cert_are_the_backends(have, host):
    authority = trustme.CA()
    issued = authority.issue_cert("client.example")
    with Origin(authority) as secure:
        found = have(
            "verified",
            url=f"{secure.url}/certificate",
            authority=authority.cert_pem.bytes().decode(),
            certificate=b"".join(pem.bytes() for pem in issued.cert_chain_pems).decode(),
            key=issued.private_key_pem.bytes().decode(),
        )

    unknown = "NetworkError" if host == "viceroy" else "ConnectError"
    assert found == [unknown, [], ["client.example"]]


def test_a_reused_sandbox_takes_no_visitors_cookies_to_the_next(have, odd):
    reused = 0
    for number in range(20):  # a busy machine may let a sandbox wait for too long
        visitor = f"visitor-{number}"
        own, account, served = have("visited", url=odd, visitor=visitor)

        assert own == [{"app": "1"}, f"app=1; visitor={visitor}"]
        assert served[-1] == visitor
        if served[:-1]:
            assert account[0] == {"visitor": served[-2]}
            reused += 1
        if reused == 3:
            break

    assert reused == 3
