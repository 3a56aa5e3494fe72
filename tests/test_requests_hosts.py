"""The facade on every host: backends, apps written for upstream, sandboxes that are reused."""

import json
import ssl
import threading
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import trustme

pytestmark = pytest.mark.xdist_group("requests-hosts")

APPS = Path(__file__).parent / "requests_app"


def asked(app, path):
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
        connection.request("GET", path, headers={"X-Client": "test"})
        answer = connection.getresponse()
        content = answer.read()
    assert answer.status == 200, (content, app.lines[-30:])
    return json.loads(content)


class TestUpstream:
    @pytest.fixture
    def ask(self, servers, host, origin):
        app = servers.get(host, APPS / "upstream", "upstream_app")

        def ask(path, **query):
            return asked(app, f"{path}?{urlencode({'url': origin + '/echo', **query})}")

        return ask

    @pytest.mark.parametrize("backend", [{}, {"backend": "origin"}])
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    def test_every_keyword_of_every_function_has_its_effect(self, ask, method, backend):
        found = ask(f"/verb/{method}", **backend)
        seen = found["json"]

        assert (seen["method"], seen["path"]) == (method, "/echo?a=1")
        assert ["x-own", "yes"] in seen["headers"]
        assert seen["body"] == ("" if method == "GET" else "form=field")
        assert (found["status_code"], found["ok"], found["bool"]) == (200, True, True)
        assert (found["reason"], found["is_redirect"]) == ("OK", False)
        assert (found["is_permanent_redirect"], found["type"]) == (False, "application/json")
        assert (found["text"], found["count"]) == ("{", True)
        assert found["url"].endswith("/echo?a=1")

    def test_the_other_functions_are_there_too(self, ask):
        assert ask("/verb/HEAD")["status_code"] == 200
        assert ask("/verb/OPTIONS")["status_code"] == ask("/verb/PATCH")["status_code"] == 501

    @pytest.mark.parametrize("backend", [{}, {"backend": "origin"}])
    def test_a_request_is_passed_on_with_its_headers(self, ask, backend):
        seen = ask("/proxied/get", **backend)["json"]

        assert seen["method"] == "GET"
        assert ["x-client", "test"] in seen["headers"]

    def test_arguments_have_their_places(self, ask):
        seen = ask("/positions")["json"]

        assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/echo?a=1", '{"j": 1}')
        assert ["x-own", "yes"] in seen["headers"]

    def test_failures_are_caught_where_they_were(self, ask):
        message = "Invalid URL 'a.example/path': No scheme supplied. Perhaps you meant "

        assert ask("/failures") == {
            "missing_backend": ["ConnectionError", None],
            "no_scheme": ["MissingSchema", message + "https://a.example/path?"],
            "refused": ["ConnectionError", None],
            "two_timeouts": ["ValueError", "Cannot specify"],
            "failed_status": ["HTTPError", 404],
            "wrong_timeout": ["ValueError", "timeout must b"],
        }

    def test_values_are_what_they_were(self, ask):
        found = ask("/values")

        assert found["timeouts"] == [2500, 60_000, 10_000]
        assert found["repr"] == ("TimeoutConfig(connect=30.0, first_byte=60.0, between_bytes=10.0)")
        assert found["from"] == [
            found["repr"],
            "TimeoutConfig(connect=2, first_byte=2, between_bytes=2)",
            "TimeoutConfig(connect=2.5, first_byte=2.5, between_bytes=2.5)",
        ]
        assert found["error"] == ["text", None, None, True]
        assert found["bases"] == [True] * 4


class Shop(BaseHTTPRequestHandler):
    """Sets the cookies that it is told to, and says which it got."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        query = parse_qs(target.query)
        content = self.headers.get("Cookie", "").encode()
        self.send_response(302 if "to" in query else 200)
        for cookie in query.get("set-cookie", ()):
            self.send_header("Set-Cookie", cookie)
        for place in query.get("to", ()):
            self.send_header("Location", place)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop():
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_reused_sandbox_takes_no_visitors_cookies_to_the_next(servers, host, shop):
    app = servers.get(host, APPS / "reuse", "reuse_app")
    reused = 0
    for number in range(20):  # a busy machine may let a sandbox wait for too long
        visitor = f"visitor-{number}"
        found = asked(app, f"/?visitor={visitor}&origin={quote(shop, safe='')}")

        assert found["served"][-1] == visitor
        assert found["session"] == [{"app": "1"}, f"app=1; visitor={visitor}; way={visitor}"]
        assert found["function"] == ""
        if found["served"][:-1]:
            before = found["served"][-2]
            assert found["service_account"][0] == {"visitor": before, "way": before}
            reused += 1
        if reused == 3:
            break

    assert reused == 3


class Names(BaseHTTPRequestHandler):
    """Says whom a client's certificate names."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        certificate = self.request.getpeercert() or {}
        names = [name for _, name in certificate.get("subjectAltName", ())]
        content = json.dumps(names).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


class Secure(ThreadingHTTPServer):
    """An origin of a private authority."""

    def __init__(self, authority: trustme.CA) -> None:
        super().__init__(("127.0.0.1", 0), Names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that does not trust it


class TestBackends:
    @pytest.fixture
    def have(self, servers, host):
        app = servers.get(host, APPS / "backends", "backends_app")

        def have(do, **arguments):
            with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
                connection.request("POST", "/", body=json.dumps({"do": do, **arguments}))
                answer = connection.getresponse()
                content = answer.read()
            assert answer.status == 200, (content, app.lines[-30:])
            return json.loads(content)

        return have

    def test_several_requests_are_answered_in_order_with_an_error_in_its_place(self, have, origin):
        first, refused, prepared, no_scheme, pending = have("gathered", url=origin)

        assert [refused, no_scheme] == ["ConnectionError", "MissingSchema"]
        assert first["path"] == "/first?a=b"
        assert (prepared["path"], prepared["body"]) == ("/prepared", "[1]")
        assert pending["path"] == "/pending"
        assert ["x-session", "1"] in pending["headers"]

    def test_verify_and_cert_are_the_backends_authority_and_certificate(self, have, host):
        authority = trustme.CA()
        client = authority.issue_cert("client.example")
        with Secure(authority) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            found = have(
                "verified",
                url=f"https://127.0.0.1:{server.server_port}/",
                authority=authority.cert_pem.bytes().decode(),
                certificate=b"".join(pem.bytes() for pem in client.cert_chain_pems).decode(),
                key=client.private_key_pem.bytes().decode(),
            )
            server.shutdown()
            thread.join()

        unknown = "ConnectionError" if host == "viceroy" else "SSLError"
        assert found == [unknown, [], ["client.example"]]

    def test_different_settings_are_different_backends(self, have, origin):
        *names, first_again = have("distinct", url=origin)

        assert len(set(names)) == len(names) == 4
        assert first_again == names[0]

    def test_a_redirect_never_reaches_a_host_that_the_policy_forbids(self, have, shop, origin):
        elsewhere = origin.replace("127.0.0.1", "localhost") + "/x"
        url = f"{shop}/?{urlencode({'to': elsewhere})}"

        assert have("forbidden", url=url) == ["BackendNotAllowed", elsewhere, True]
        assert have("allowed", url=url) == 200
