"""The facade on every host: an app that was written for upstream, and sandboxes that are reused."""

import json
import threading
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

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
    visitors = ["ann", "bob", "cid"]

    found = [asked(app, f"/?visitor={v}&origin={quote(shop, safe='')}") for v in visitors]

    assert [one["served"] for one in found] == [visitors[:1], visitors[:2], visitors]
    assert [one["session"] for one in found] == [
        [{"app": "1"}, f"app=1; visitor={v}; way={v}"] for v in visitors
    ]
    assert found[2]["service_account"][0] == {"visitor": "bob", "way": "bob"}
    assert [one["function"] for one in found] == [""] * 3
