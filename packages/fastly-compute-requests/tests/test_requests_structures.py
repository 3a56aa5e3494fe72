import pytest
from requests.structures import CaseInsensitiveDict as Real

from fastly_compute.requests.structures import CaseInsensitiveDict


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
