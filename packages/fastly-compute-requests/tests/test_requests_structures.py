from http import HTTPStatus

import pytest
from requests import codes as real_codes
from requests.structures import CaseInsensitiveDict as Real

from fastly_compute.http import Headers
from fastly_compute.requests import codes
from fastly_compute.requests.status_codes import PHRASES
from fastly_compute.requests.structures import CaseInsensitiveDict, ReceivedHeaders


@pytest.mark.parametrize("kind", [CaseInsensitiveDict, Real])
def test_keys_are_found_in_any_case_and_keep_the_last_one(kind):
    headers = kind({"Accept": "a"}, b="c")
    headers["aCCEPT"] = "d"

    assert headers["ACCEPT"] == "d"
    assert list(headers) == ["aCCEPT", "b"]
    assert len(headers) == 2
    assert list(headers.lower_items()) == [("accept", "d"), ("b", "c")]
    assert "accept" in headers
    assert headers.get("x") is None
    del headers["ACCEPT"]
    assert dict(headers) == {"b": "c"}


@pytest.mark.parametrize("kind", [CaseInsensitiveDict, Real])
def test_equality_ignores_the_case_of_keys(kind):
    assert kind({"A": "b"}) == {"a": "b"}
    assert kind({"A": "b"}) == kind([("a", "b")])
    assert kind({"A": "b"}) != {"a": "B"}
    assert kind(None) == {}
    assert kind() != 5


@pytest.mark.parametrize("kind", [CaseInsensitiveDict, Real])
def test_a_copy_is_independent(kind):
    headers = kind({"A": "b"})
    copy = headers.copy()
    copy["a"] = "c"

    assert (headers["a"], copy["a"], type(copy)) == ("b", "c", kind)


@pytest.mark.parametrize("kind", [CaseInsensitiveDict, Real])
def test_a_missing_key_is_a_key_error(kind):
    with pytest.raises(KeyError):
        kind()["x"]


def test_the_repr_is_that_of_a_dict_without_secrets():
    headers = CaseInsensitiveDict({"A": "b", "Authorization": "s3cret", "n": 1})

    assert repr(headers) == "{'A': 'b', 'Authorization': '***', 'n': 1}"


def test_every_status_code_has_the_names_and_the_phrase_that_it_has_elsewhere():
    names = {name: code for name, code in vars(real_codes).items() if name != "name"}

    assert len(names) > 150
    assert {name: getattr(codes, name, None) for name in names} == names
    for status in HTTPStatus:
        assert status.value in PHRASES
    assert (PHRASES[404], PHRASES[200]) == ("Not Found", "OK")


def test_headers_that_came_twice_are_joined_and_can_be_had_one_by_one():
    headers = ReceivedHeaders(Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", "y")]))

    assert headers["SET-COOKIE"] == "a=1, b=2"
    assert headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert headers.getlist("nothing") == []
