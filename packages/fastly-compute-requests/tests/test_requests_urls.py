import pytest
import requests as real
from hypothesis import given, settings
from hypothesis import strategies as st

from fastly_compute import requests
from fastly_compute.requests import exceptions
from fastly_compute.requests.urls import encode_form

text = st.text(st.sampled_from("ab/.%é \"<>[]{}|\\^`&=+;,@:~!$'()*0123Ff?#-_"), max_size=12)
scalars = st.one_of(text, st.none(), st.integers(), st.booleans(), st.binary(max_size=3))
forms = st.one_of(
    st.dictionaries(text, st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=3),
    st.lists(st.tuples(text, scalars), max_size=3),
)


def real_url(url, params=None):
    try:
        prepared = real.Request("GET", url, params=params).prepare()
        # A scheme that is neither is found out when it is sent.
        real.Session().get_adapter(prepared.url)
    except real.RequestException as error:
        return type(error).__name__, str(error)
    return prepared.url


def our_url(url, params=None):
    try:
        prepared = requests.Request("GET", url, params=params).prepare()
        requests.Session().get_adapter(prepared.url)
    except exceptions.RequestException as error:
        return type(error).__name__, str(error)
    return prepared.url


@given(text, text, st.one_of(st.none(), text, forms))
@settings(deadline=None)
def test_path_query_and_params_become_what_requests_makes_of_them(path, query, params):
    url = f"http://Host.example:8080/{path}?{query}"

    assert our_url(url, params) == real_url(url, params)


@pytest.mark.parametrize(
    "url",
    [
        "http://a",
        "https://a?x",
        "http://a#f",
        "http://a/../b/./c/..",
        "HTTP://A/",
        "  http://a/x y",
        "http://a:080/",
        "http://a:/",
        "http://[::1]:80/",
        "http://1.2.3.4/%7e%2f%zz",
        "http://a/%e2%82",
        "http://a/caf\xe9?\xe9#\xe9",
        "http://a/?",
        "http://a/?#",
        "http://a/\n",
        b"http://a/caf\xc3\xa9",
    ],
)
def test_a_url_becomes_what_requests_makes_of_it(url):
    assert our_url(url) == real_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "a.example/c",
        "//a/b",
        "/path",
        "http.example:8080/",
        "http:///x",
        "http:/x",
        "http:a",
        "http://*.a/",
        "http://.a/",
        "ftp://a/b",
        "mailto:x",
        "localhost:80/x",
        "http+unix://a/",
    ],
)
def test_a_url_is_refused_with_the_exception_and_text_of_requests(url):
    expected = real_url(url)

    assert isinstance(expected, tuple)
    assert our_url(url) == expected


@pytest.mark.parametrize("url", ["http://a:99999/", "http://a:x/", "http://[::1/"])
def test_a_malformed_host_or_port_is_an_invalid_url(url):
    assert real_url(url)[0] == "InvalidURL"
    assert our_url(url)[0] == "InvalidURL"


@pytest.mark.parametrize(
    "url",
    [
        "http://a\\b/",
        "http://a\\@b/",
        "http://a@b\\c/",
        "http:\\\\a/",
        "http:/\\a/",
        "http://a b/",
        "http://a\t/",
        "http://a\x00.b/",
        "http://user name:s3cret@a/",
    ],
)
def test_a_url_that_parsers_read_differently_is_refused(url):
    kind, said = our_url(url)

    assert kind == "InvalidURL"
    assert "before its path" in said
    assert "s3cret" not in said


@pytest.mark.parametrize("url", ["http://a/b\\c", "http://a/?b\\c", "http://a/#b\\c"])
def test_a_backslash_behind_the_host_is_escaped(url):
    assert our_url(url) == real_url(url)


@pytest.mark.parametrize("host", ["caf\xe9.example", "CAF\xc9.example", "\u4f8b\u3048.jp"])
def test_an_international_host_is_written_in_its_xn_form(host):
    url = our_url(f"http://{host}:8080/p")

    assert url == real_url(f"http://{host}:8080/p")
    assert url.startswith("http://xn--")


def test_a_host_that_two_versions_of_idna_read_differently_is_refused():
    with pytest.raises(exceptions.InvalidURL, match="write it in its xn-- form"):
        requests.Request("GET", "http://fa\xdf.example/").prepare()


@pytest.mark.parametrize(
    "url", ["http://user:s3cret@:1/", "http://user:s3cret@a b:x/", "http://user:s3cret@*.a/"]
)
def test_a_password_in_a_url_is_in_no_error(url):
    with pytest.raises(exceptions.InvalidURL) as caught:
        requests.Request("GET", url).prepare()

    assert "s3cret" not in str(caught.value)


def test_a_user_name_and_password_in_a_url_become_authorization_and_leave_it():
    prepared = requests.Request("GET", "http://us%20er:s%40ret@a.example/p").prepare()
    theirs = real.Request("GET", "http://us%20er:s%40ret@a.example/p").prepare()

    assert prepared.url == "http://a.example/p"
    assert prepared.headers["Authorization"] == theirs.headers["Authorization"]


@given(forms)
@settings(deadline=None)
def test_a_form_is_encoded_as_requests_does(form):
    theirs = real.Request("POST", "http://a/", data=form).prepare().body

    assert encode_form(form) == (theirs or "")


@pytest.mark.parametrize("form", [[1], ["ab"], [("a", "b", "c")]])
def test_what_is_no_form_is_a_type_error(form):
    with pytest.raises(TypeError, match="a form is a mapping or pairs"):
        encode_form(form)
