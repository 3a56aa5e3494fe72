"""Headers of a response that the host has, read one by one until all of them are wanted."""

import copy
import gc
import pickle

import pytest

from fastly_compute import requests
from fastly_compute.requests.structures import CaseInsensitiveDict, ReceivedHeaders

QUERY = "/?X-A=b&Vary=Accept&Vary=Cookie"
pytestmark = pytest.mark.usefixtures("guest")


@pytest.fixture
def reads(host):
    """The calls that read headers, by what they read."""
    found = []

    def note(label, call, arguments):
        if label == "http-resp.Response.get_header_names":
            found.append("names")
        if label == "http-resp.Response.get_header_values":
            found.append(arguments[1])
        return call(*arguments)

    host.interpose = note
    return found


@pytest.fixture
def headers(echo, reads):
    headers = requests.get(echo.url + QUERY).headers
    reads.clear()
    return headers


def test_one_header_is_one_call_however_often_it_is_read(headers, reads):
    assert headers["X-A"] == headers.get("x-a") == "b"
    assert "X-a" in headers
    assert headers["vary"] == "Accept, Cookie"
    assert headers.getlist("Vary") == ["Accept", "Cookie"]

    assert reads == ["x-a", "vary", "Vary"]


def test_what_is_not_there_is_not_found(headers, reads):
    assert headers.get("X-B") is None
    assert headers.get("X-B", 1) == 1
    assert headers.get("no token") is None
    assert "X-B" not in headers
    assert 1 not in headers
    assert headers.getlist("no token") == []
    assert reads == ["x-b"]

    with pytest.raises(KeyError, match=r"^'x-b'$"):
        headers["X-B"]


def test_all_are_read_once_they_are_wanted_as_a_whole(headers, reads):
    assert list(headers.lower_items()) == [(k.lower(), headers[k]) for k in headers]
    assert headers == ReceivedHeaders(headers._received)
    assert "Accept, Cookie" in repr(headers)
    assert headers["Vary"] == "Accept, Cookie"
    assert headers.getlist("vary") == ["Accept", "Cookie"]

    assert reads.count("names") == 1
    assert [name.lower() for name in reads].count("vary") == 1


def test_a_change_is_seen_by_every_look(headers):
    assert headers["X-A"] == "b"
    headers["x-a"] = "c"
    del headers["Vary"]

    assert (headers["X-A"], headers.get("X-A"), dict(headers)["x-a"]) == ("c", "c", "c")
    assert "vary" not in headers
    assert headers.get("vary") is None


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda headers: pickle.loads(pickle.dumps(headers))]
)
def test_a_copy_has_all_of_them(headers, copied):
    headers["X-B"] = "c"

    found = copied(headers)

    assert found == headers
    assert found.getlist("Vary") == ["Accept", "Cookie"]
    assert type(headers.copy()) is CaseInsensitiveDict
    assert headers.copy() == headers


def test_they_can_be_read_after_the_response_was_closed_or_is_gone(echo):
    response = requests.get(echo.url + QUERY, stream=True)
    headers = response.headers
    response.close()
    assert headers["X-A"] == "b"

    del response
    gc.collect()
    assert headers["Vary"] == "Accept, Cookie"


@pytest.mark.parametrize("read", [lambda headers: headers["X-A"], list])
def test_an_error_says_which_response_it_was(host, echo, read):
    from componentize_py_types import Err
    from wit_world.imports import types

    response = requests.get(echo.url + QUERY)

    def fail(label, call, arguments):
        raise Err(types.Error_GenericError())

    host.interpose = fail
    with pytest.raises(requests.RequestException) as caught:
        read(response.headers)

    assert caught.value.response is response
    assert caught.value.request is response.request
