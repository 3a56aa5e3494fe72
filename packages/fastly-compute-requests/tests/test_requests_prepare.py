import io
import types

import pytest
import requests as real
from hypothesis import given, settings
from hypothesis import strategies as st

from fastly_compute import requests
from fastly_compute.requests import exceptions

URL = "http://a.example/"
HOST_COMPUTES = {"content-length", "transfer-encoding"}
OF_A_SESSION = {"user-agent", "accept", "accept-encoding", "connection"}

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.text(st.sampled_from("abcXYZ-"), min_size=1, max_size=4)
values = st.text(st.sampled_from("aB1 ;=\xe9"), max_size=6).map(str.lstrip)


def prepare(method, url, **keywords):
    return requests.Session().prepare_request(requests.Request(method, url, **keywords))


def content(body):
    if body is None or isinstance(body, bytes):
        return body or b""
    if isinstance(body, str):
        return body.encode()
    pieces = iter(lambda: body.read(3), body.read(0)) if hasattr(body, "read") else body
    return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)


def both(make=dict, **fixed):
    """Prepare the same with both; what is consumed is made twice."""
    theirs = real.Session().prepare_request(real.Request("POST", URL, **fixed, **make()))
    ours = prepare("POST", URL, **fixed, **make())
    return ours, theirs


def assert_same(ours, theirs):
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert content(ours.body) == content(theirs.body)
    dropped = HOST_COMPUTES | OF_A_SESSION
    assert {n.lower(): v for n, v in ours.headers.items() if n.lower() not in dropped} == {
        n.lower(): v for n, v in theirs.headers.items() if n.lower() not in dropped
    }


@pytest.mark.parametrize(
    "data",
    [
        {"a": "1", "b": [1, 2], "c": None, "d": ""},
        [("a", 1), ("a", 2)],
        (("a", "é"),),
        {},
        [],
        "text é",
        "",
        b"\0bytes",
        b"",
        types.MappingProxyType({"a": "b"}),
    ],
)
@pytest.mark.parametrize("json", [None, {"j": 1}])
def test_data_becomes_what_requests_makes_of_it(data, json):
    assert_same(*both(data=data, json=json))


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([b"a", b"b"]),
        lambda: iter(["a", "é"]),
        lambda: (piece for piece in [b"x"]),
        lambda: io.BytesIO(b"0123456789"),
        lambda: io.StringIO("text é"),
    ],
)
def test_a_stream_is_sent_as_requests_does(make):
    assert_same(*both(lambda: {"data": make()}))


def test_a_stream_is_not_read_before_it_is_sent():
    def produce():
        raise AssertionError("read too early")
        yield b""

    assert prepare("POST", URL, data=produce()).method == "POST"


@given(json_values)
@settings(deadline=None)
def test_json_becomes_what_requests_makes_of_it(value):
    assert_same(*both(json=value))


def test_json_is_text_encoded_as_json_too():
    assert prepare("POST", URL, json="text").body == b'"text"'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_numbers_that_json_lacks_are_refused_as_in_requests(value):
    with pytest.raises(real.exceptions.InvalidJSONError):
        real.Request("POST", URL, json=value).prepare()
    with pytest.raises(exceptions.InvalidJSONError):
        prepare("POST", URL, json=value)


@given(st.dictionaries(names, st.one_of(values, st.none()), max_size=4))
@settings(deadline=None)
def test_headers_become_what_requests_makes_of_them(headers):
    before = dict(headers)

    assert_same(*both(headers=headers))
    assert headers == before


def test_a_content_type_that_is_given_wins_in_any_case():
    ours, theirs = both(json={}, headers={"content-type": "application/ld+json"})

    assert_same(ours, theirs)
    assert ours.headers["Content-Type"] == "application/ld+json"


def test_a_header_of_bytes_is_taken_as_latin_1():
    assert prepare("GET", URL, headers={b"x-a": b"\xe9"}).headers["x-a"] == b"\xe9"


def test_there_are_default_headers_which_none_takes_away():
    assert dict(prepare("GET", URL).headers) == {
        "User-Agent": "fastly-compute-requests",
        "Accept-Encoding": "gzip",
        "Accept": "*/*",
    }
    assert "user-agent" not in prepare("GET", URL, headers={"user-agent": None}).headers
    assert prepare("GET", URL, headers={"ACCEPT": "text/html"}).headers["accept"] == "text/html"


@pytest.mark.parametrize(
    ("name", "value"),
    [("a", "x\ny"), ("a", "x\r\ny"), ("a", " x"), ("a b", "x\n"), ("", "x"), ("a", 1), ("a:", "x")],
)
def test_a_header_that_cannot_be_sent_is_an_invalid_header_as_in_requests(name, value):
    with pytest.raises(exceptions.InvalidHeader):
        prepare("GET", URL, headers={name: value})
    if name != "a:":
        with pytest.raises(real.exceptions.InvalidHeader):
            real.Request("GET", URL, headers={name: value}).prepare()


def test_a_secret_is_in_no_error_and_no_repr():
    with pytest.raises(exceptions.InvalidHeader) as caught:
        prepare("GET", URL, headers={"Authorization": "s3cret\n\n"})

    assert "s3cret" not in str(caught.value)
    prepared = prepare("GET", URL, headers={"Authorization": "s3cret"})
    assert "s3cret" not in repr(prepared) + repr(prepared.headers)


def test_data_of_another_type_is_a_type_error():
    with pytest.raises(TypeError, match="not int"):
        prepare("POST", URL, data=5)


def test_the_method_may_be_in_any_case():
    prepared = prepare("post", URL)

    assert prepared.method == "POST"
    assert repr(prepared) == "<PreparedRequest [POST]>"
