"""Copies and pickles: what was received stays what it was."""

import copy
import pickle

import pytest

from fastly_compute import requests

pytestmark = pytest.mark.usefixtures("guest")

WAYS = {"pickle": lambda r: pickle.loads(pickle.dumps(r)), "deepcopy": copy.deepcopy}
WAYS["copy"] = copy.copy


@pytest.fixture(params=WAYS)
def again(request):
    return WAYS[request.param]


def received(echo, more="", **keywords):
    query = "?status=404&content-type=text/html&set-cookie=a=b&link=</2>;rel=next"
    return requests.get(f"{echo.url}/{query}{more}", **keywords)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("encoding", [None, "utf-8", ...])
def test_a_response_keeps_what_it_is(echo, again, stream, encoding):
    response = received(echo, stream=stream)
    if encoding is not ...:
        response.encoding = encoding

    other = again(response)

    assert other.encoding == response.encoding == ("ISO-8859-1" if encoding is ... else encoding)
    assert (other.text, other.content) == (response.text, response.content)
    assert list(other.iter_content(5)) == list(response.iter_content(5))
    assert other.json() == response.json()
    assert (other.status_code, other.reason, other.url) == (404, "Not Found", response.url)
    assert other.headers == response.headers
    assert other.headers.getlist("set-cookie") == ["a=b"]
    assert other.cookies.get_dict() == {"a": "b"}
    assert other.links == response.links
    assert other.elapsed == response.elapsed
    assert (other.request.method, other.request.url) == ("GET", response.request.url)
    with pytest.raises(requests.HTTPError, match="404 Client Error"):
        other.raise_for_status()
    other.close()


def test_a_copy_has_the_history(echo, again):
    response = requests.get(f"{echo.url}/?status=302&location=/next")

    other = again(response)

    assert [earlier.status_code for earlier in other.history] == [302]
    assert other.history[0].content == response.history[0].content


def test_a_response_made_by_hand_can_be_copied(again):
    other = again(requests.Response())

    assert (other.content, other.text, other.encoding) == (None, "", None)


def test_an_error_keeps_its_response(echo, again):
    with pytest.raises(requests.HTTPError) as raised:
        received(echo).raise_for_status()

    other = again(raised.value)

    assert (str(other), other.response.text) == (str(raised.value), raised.value.response.text)


def test_a_session_and_what_it_prepared_can_be_copied(echo, again):
    session = requests.Session()
    session.headers["X-Own"] = "1"
    session.auth = ("user", "pass")
    session.cookies.set("a", "b")
    prepared = session.prepare_request(requests.Request("POST", echo.url, data=b"body"))

    response = again(session).send(again(prepared))

    seen = response.json()
    assert (seen["method"], seen["body"], seen["headers"]["x-own"]) == ("POST", "body", "1")
    assert seen["headers"]["authorization"] == "Basic dXNlcjpwYXNz"
    assert seen["headers"]["cookie"] == "a=b"
    assert again(session).cookies.get_dict() == {"a": "b"}
