"""Requests of urllib3, `requests` and `http.client`, through a native host to a real origin."""

import http.client
import json
from urllib.request import Request, urlopen

import pytest
import requests
import urllib3

from fastly_compute.urllib3 import HTTPConnectionPool, PoolManager


@pytest.fixture(params=["ours", "injected"])
def pool(request, host):
    """A pool manager: ours, or urllib3's after injection."""
    if request.param == "ours":
        return PoolManager()
    request.getfixturevalue("injected")
    return urllib3.PoolManager()


def test_a_get_is_sent_and_answered(pool, origin):
    response = pool.request("GET", f"{origin.url}/a?b=c", headers={"X-Own": "yes"})

    assert (response.status, response.reason, response.version) == (200, "OK", 11)
    seen = response.json()
    assert (seen["method"], seen["path"]) == ("GET", "/a?b=c")
    assert ["X-Own", "yes"] in seen["headers"]
    assert len(origin.seen) == 1


def test_requests_itself_works(injected, origin):
    with requests.Session() as session:
        assert session.get(f"{origin.url}/chunked").text == "one two three"
        assert dict(session.cookies) == {"a": "1", "b": "2"}
        seen = session.post(origin.url, json=[1], timeout=5).json()
    assert seen["body"] == "[1]"
    assert ["Cookie", "a=1; b=2"] in seen["headers"]


def test_http_client_and_urllib_work(injected_http_client, origin):
    connection = http.client.HTTPConnection(origin.url.removeprefix("http://"), timeout=5)
    connection.request("POST", "/x", body=b"abc")
    assert json.loads(connection.getresponse().read())["body"] == "abc"
    with urlopen(Request(origin.url, data=b"d", headers={"A": "b"}), timeout=5) as response:
        seen = json.load(response)
    assert (seen["method"], seen["body"]) == ("POST", "d")
    assert ["A", "b"] in seen["headers"]


def test_a_target_may_be_a_url_of_the_same_host(host, origin):
    pool = HTTPConnectionPool(*origin.server_address)
    assert pool.request("GET", f"{origin.url.replace('http', 'HTTP')}/a").json()["path"] == "/a"
    with pytest.raises(ValueError, match="proxy"):
        pool.request("GET", "http://other.example/", assert_same_host=False)
