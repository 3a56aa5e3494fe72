import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.core import FastlyComputeError
from fastly_compute.http import Headers, HttpError, InvalidHeader

names = st.text(st.sampled_from("abcXYZ019!#$%&'*+-.^_`|~"), min_size=1, max_size=8)
values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=8
).map(lambda value: value.strip(" \t"))


def test_names_are_found_in_any_case_and_keep_their_own():
    headers = Headers({"Content-Type": "text/html"})

    assert headers["content-TYPE"] == "text/html"
    assert "CONTENT-type" in headers
    assert list(headers) == ["Content-Type"]


def test_repeated_fields_keep_their_order_and_case():
    headers = Headers([("Vary", "a"), ("x", "1"), ("vary", "b")])

    assert headers.items() == [("Vary", "a"), ("x", "1"), ("vary", "b")]
    assert headers.get_all("VARY") == ["a", "b"]
    assert list(headers) == ["Vary", "x"]
    assert len(headers) == 2


def test_several_values_are_joined_with_commas_and_cookies_with_semicolons():
    headers = Headers([("accept", "a"), ("accept", "b"), ("cookie", "x=1"), ("Cookie", "y=2")])

    assert headers["accept"] == "a, b"
    assert headers["cookie"] == "x=1; y=2"


def test_set_replaces_the_first_field_and_removes_the_others():
    headers = Headers([("a", "1"), ("b", "2"), ("A", "3"), ("c", "4")])

    headers["A"] = "5"

    assert headers.items() == [("A", "5"), ("b", "2"), ("c", "4")]


def test_set_adds_a_new_name_at_the_end():
    headers = Headers({"a": "1"})

    headers.set("b", "2")

    assert headers.items() == [("a", "1"), ("b", "2")]


def test_deleting_removes_every_field_of_the_name():
    headers = Headers([("a", "1"), ("A", "2"), ("b", "3")])

    del headers["a"]

    assert headers.items() == [("b", "3")]


def test_an_absent_name_is_a_key_error_or_the_default():
    headers = Headers()

    with pytest.raises(KeyError, match="x-absent"):
        headers["x-absent"]
    with pytest.raises(KeyError, match="x-absent"):
        del headers["x-absent"]
    assert headers.get("x-absent") is None
    assert headers.get("x-absent", "none") == "none"
    assert headers.get_all("x-absent") == []
    assert 5 not in headers


def test_headers_can_be_converted_to_a_dict():
    assert dict(Headers([("a", "1"), ("A", "2")])) == {"a": "1, 2"}


def test_a_copy_is_independent():
    headers = Headers({"a": "1"})
    copy = headers.copy()

    copy["a"] = "2"

    assert headers["a"] == "1"
    assert copy != headers


def test_equality_compares_the_values_by_name():
    assert Headers([("A", "1"), ("b", "2")]) == Headers([("B", "2"), ("a", "1")])
    assert Headers([("a", "1"), ("a", "2")]) != Headers([("a", "2"), ("a", "1")])
    assert Headers({"a": "1"}) != {"a": "1"}


@pytest.mark.parametrize("name", ["", "two words", "naïve", "a:b", "a\r\nb", "a\0", "(x)"])
def test_a_name_that_is_not_a_token_is_refused(name):
    with pytest.raises(InvalidHeader, match="a name consists of the characters") as caught:
        Headers().add(name, "x")

    assert caught.value.name == name


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nSet-Cookie: x", "\0", "\x1b", "\x7f"])
def test_control_characters_in_a_value_are_refused(value):
    with pytest.raises(InvalidHeader, match=r"'x-note' cannot be .*control characters"):
        Headers({"x-note": value})


@pytest.mark.parametrize("value", [" a", "a ", "\ta"])
def test_space_around_a_value_is_refused(value):
    with pytest.raises(InvalidHeader, match="cannot begin or end with"):
        Headers({"x-note": value})


def test_a_value_beyond_latin_1_is_refused_by_name_value_and_rule():
    with pytest.raises(InvalidHeader, match=r"header 'x-note' cannot be 'naïve…': .*latin-1"):
        Headers({"x-note": "naïve…"})


@pytest.mark.parametrize("name", ["Authorization", "COOKIE", "Set-Cookie", "proxy-authorization"])
def test_credentials_are_never_in_an_error_or_a_repr(name):
    with pytest.raises(InvalidHeader) as caught:
        Headers({name: "s3cret\n"})

    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(caught.value)
    assert repr(Headers({name: "s3cret", "a": "b"})) == f"Headers([('{name}', '***'), ('a', 'b')])"


def test_an_invalid_header_is_a_value_error_and_an_http_error():
    assert issubclass(InvalidHeader, ValueError)
    assert issubclass(InvalidHeader, HttpError)
    assert issubclass(HttpError, FastlyComputeError)


@pytest.mark.parametrize("fields", ["abc", [("a",)], ["ab"], [1]])
def test_headers_that_are_not_pairs_are_a_type_error(fields):
    with pytest.raises(TypeError, match="pairs of name and value"):
        Headers(fields)


@pytest.mark.parametrize(("name", "value"), [(b"a", "b"), ("a", b"b"), ("a", 1), ("a", None)])
def test_names_and_values_must_be_str(name, value):
    with pytest.raises(TypeError, match="must be a str"):
        Headers([(name, value)])


@given(st.lists(st.tuples(names, values)))
def test_fields_are_returned_as_given(pairs):
    headers = Headers(pairs)

    assert headers.items() == pairs
    for name, _ in pairs:
        assert headers.get_all(name.swapcase()) == [
            value for other, value in pairs if other.lower() == name.lower()
        ]
