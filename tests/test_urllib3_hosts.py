"""urllib3, `requests` itself and `http.client` on every host."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("urllib3-hosts")

APP = Path(__file__).parent / "urllib3_app"


@pytest.fixture
def fetch(servers, host, origin):
    app = servers.get(host, APP, "main")

    def fetch(path, url=f"{origin}/echo?a=b"):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("GET", path, headers={"X-Url": url})
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
