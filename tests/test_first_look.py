"""examples/first-look: its own tests, and the app on every host, from the outside."""

import json
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("first-look")

APP = Path(__file__).parent.parent / "examples/first-look"


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "main")


def ask(app, path, method="GET", body=None, headers=()):
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    connection.request(method, path, body=body, headers=dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_a_request_goes_to_the_origin_with_a_header_more(app) -> None:
    answer, content = ask(app, "/there?x=1", headers={"X-Own": "1"})
    seen = json.loads(content)
    sent = dict(seen["headers"])

    assert answer.status == 200
    assert (seen["method"], seen["path"], sent["x-own"]) == ("GET", "/there?x=1", "1")
    assert datetime.fromisoformat(sent["thetime"]).utcoffset() is not None


def test_the_response_comes_back_with_a_header_replaced(app) -> None:
    answer, content = ask(app, "/status/404")

    assert (answer.status, content) == (404, b"as you wish")
    assert answer.headers.get_all("cache-control") == ["public, s-maxage=86400"]
    assert answer.headers["x-origin"] == "yes"


def test_a_body_goes_through(app) -> None:
    answer, content = ask(app, "/upload", "POST", b"a body " * 1000)
    seen = json.loads(content)

    assert (answer.status, seen["method"], seen["body"]) == (200, "POST", "a body " * 1000)


def test_a_head_request_has_no_body(app) -> None:
    answer, content = ask(app, "/head", "HEAD")

    assert (answer.status, content) == (200, b"")
    assert answer.headers["cache-control"] == "public, s-maxage=86400"


def test_a_response_is_kept_for_30_seconds(app) -> None:
    times = [dict(json.loads(ask(app, "/kept")[1])["headers"])["thetime"] for _ in range(2)]

    # Viceroy has no such cache.
    assert len(set(times)) == (2 if app.host == "viceroy" else 1)
