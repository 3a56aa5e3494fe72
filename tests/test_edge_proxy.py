"""examples/edge-proxy on every host, from the outside."""

import hashlib
import hmac
import json
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("edge-proxy")

APP = Path(__file__).parent.parent / "examples/edge-proxy"
KEY = b"a key for this machine only"


@pytest.fixture
def proxy(servers, host):
    return servers.get(host, APP, "main")


def ask(proxy, path, method="GET", body=None):
    connection = HTTPConnection(urlsplit(proxy.url).netloc, timeout=30)
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_the_page_is_about_the_app(proxy) -> None:
    answer, content = ask(proxy, "/")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<h1>Edge proxy</h1>" in content
    assert b"You came from 127.0.0.1" in content


def test_the_static_backend_gets_a_signed_request(proxy) -> None:
    answer, content = ask(proxy, "/origin/some/path?a=1&a=2")
    seen = json.loads(content)
    headers = dict(seen["headers"])
    expected = hmac.new(KEY, b"GET /some/path", hashlib.sha256).hexdigest()

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert (seen["method"], seen["path"]) == ("GET", "/some/path?a=1&a=2")
    assert headers["x-signature"] == expected
    assert headers["host"] == "origin.example"


def test_a_body_goes_through(proxy) -> None:
    _, content = ask(proxy, "/origin/upload", "POST", b"a body " * 1000)
    seen = json.loads(content)

    assert (seen["method"], seen["body"]) == ("POST", "a body " * 1000)


def test_the_origins_status_goes_through(proxy) -> None:
    answer, content = ask(proxy, "/origin/status/404")

    assert (answer.status, content) == (404, b"as you wish")


def test_an_allowed_host_is_asked_through_a_dynamic_backend(proxy, origin) -> None:
    answer, content = ask(proxy, "/dynamic?url=" + quote(f"{origin}/there?x=1", safe=""))
    seen = json.loads(content)

    assert answer.status == 200
    assert seen["path"] == "/there?x=1"
    assert dict(seen["headers"])["host"] == urlsplit(origin).netloc


@pytest.mark.parametrize("url", ["http://evil.example/", "http://127.0.0.1@evil.example/"])
def test_no_other_host_is_asked(proxy, url) -> None:
    answer, content = ask(proxy, "/dynamic?url=" + quote(url, safe=""))

    assert answer.status == 403
    assert content.startswith(b"only 127.0.0.1")


@pytest.mark.parametrize("url", ["", "/x", "ftp://127.0.0.1/", "http://127.0.0.1\\@localhost/"])
def test_what_is_no_url_of_http_is_refused(proxy, url) -> None:
    answer, content = ask(proxy, "/dynamic?url=" + quote(url, safe=""))

    assert (answer.status, content) == (400, b"url= is not a valid URL")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/origin/../admin", "/admin"),
        ("/origin/a/./b/../c", "/a/c"),
        ("/origin/a%2fb", "/a%2Fb"),
        ("/origin/%7Ea", "/~a"),
        ("/origin/\\a", "/%5Ca"),
    ],
)
def test_what_is_signed_is_what_is_sent(proxy, path, sent) -> None:
    _, content = ask(proxy, path)
    seen = json.loads(content)
    expected = hmac.new(KEY, f"GET {sent}".encode(), hashlib.sha256).hexdigest()

    assert seen["path"] == sent
    assert dict(seen["headers"])["x-signature"] == expected


def test_an_upload_that_is_too_large_is_refused(proxy) -> None:
    answer, _ = ask(proxy, "/origin/upload", "POST", bytes(8 * 1024 * 1024 + 1))

    assert answer.status == 413


def test_an_origin_that_is_not_there_is_a_502_and_the_log_says_why(proxy) -> None:
    answer, content = ask(proxy, "/dynamic?url=http://127.0.0.1:1/")

    assert (answer.status, content) == (502, b"the origin cannot be reached")
    assert proxy.says("GET /dynamic: GET http://127.0.0.1:1/", "failed")


def test_introspection_tells_what_the_host_knows(proxy, origin) -> None:
    _, content = ask(proxy, "/backends")
    backend = json.loads(content)["origin"]
    # Viceroy answers `unsupported` for every time-out.
    timeout = "unsupported" if proxy.host == "viceroy" else 1.0

    assert (backend["name"], backend["is_dynamic"]) == ("origin", False)
    assert (backend["host"], backend["port"]) == ("127.0.0.1", urlsplit(origin).port)
    assert (backend["is_tls"], backend["health"]) == (False, "unknown")
    assert backend["connect_timeout"] == timeout


def test_the_secret_shows_nowhere(proxy) -> None:
    pages = [ask(proxy, path)[1] for path in ("/", "/backends", "/origin/", "/nowhere")]

    assert not any(KEY in page for page in pages)
    assert not any(KEY.decode() in line for line in proxy.lines)


def test_an_unknown_page_is_a_404(proxy) -> None:
    answer, content = ask(proxy, "/nowhere")

    assert (answer.status, content) == (404, b"no such page")


def test_a_head_request_has_no_body(proxy) -> None:
    answer, content = ask(proxy, "/", "HEAD")

    assert (answer.status, content) == (200, b"")
