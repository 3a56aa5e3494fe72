import pytest

from fastly_compute.http import InvalidHeader, InvalidMethod, InvalidUrl, Request


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://Origin.Example", "http://origin.example/"),
        ("HTTPS://origin.example/A?b=C", "https://origin.example/A?b=C"),
        ("https://origin.example:443/", "https://origin.example/"),
        ("http://origin.example:443/", "http://origin.example:443/"),
        ("http://origin.example:/x", "http://origin.example/x"),
        ("http://origin.example?q", "http://origin.example/?q"),
        ("http://origin.example/#part", "http://origin.example/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://192.0.2.1//a//b", "http://192.0.2.1//a//b"),
        ("http://origin.example/a|b", "http://origin.example/a|b"),
    ],
)
def test_a_url_is_sent_without_default_parts(url, sent):
    assert Request("GET", url).url == sent


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("/path", "url must be absolute"),
        ("origin.example", "url must be absolute"),
        ("ftp://origin.example/", "an http or https URL"),
        ("http:///path", "the URL's host must be"),
        ("http://origin.example:99999/", "port from 1 to 65535"),
        ("http://origin.example:0/", "port from 1 to 65535"),
        ("http://origin.example:x/", "the URL's host must be"),
        ("http://exa mple/", "ASCII, without spaces"),
        ("http://origin.example/a\nb", "ASCII, without spaces"),
        ("http://origin.example/é", "ASCII, without spaces"),
        ("http://a\\b/", "without a backslash before its path"),
    ],
)
def test_a_url_that_cannot_be_requested_is_refused(url, rule):
    with pytest.raises(InvalidUrl, match=rule):
        Request("GET", url)


def test_credentials_in_a_url_are_refused_and_not_shown():
    with pytest.raises(InvalidUrl, match="without a user name or password") as caught:
        Request("GET", "https://user:s3cret@origin.example/")

    assert "s3cret" not in str(caught.value)


def test_a_query_is_never_in_an_error_or_a_repr():
    with pytest.raises(InvalidUrl) as caught:
        Request("GET", "https://origin.example/?token=s3cret é")

    assert "s3cret" not in str(caught.value)
    request = Request("GET", "https://origin.example/a?token=s3cret")
    assert repr(request) == "<Request GET https://origin.example/a>"


@pytest.mark.parametrize("method", ["", "GET ", "GE T", "GÉT", "GET\r\n"])
def test_a_method_is_a_token(method):
    with pytest.raises(InvalidMethod, match="a method is a token such as GET"):
        Request(method, "http://origin.example/")


def test_a_known_method_in_the_wrong_case_is_refused():
    with pytest.raises(InvalidMethod, match="'POST', not 'post'"):
        Request("post", "http://origin.example/")


def test_a_custom_method_is_kept():
    assert Request("purge-It", "http://origin.example/").method == "purge-It"


@pytest.mark.parametrize(("method", "url"), [(b"GET", "http://a/"), ("GET", b"http://a/")])
def test_method_and_url_must_be_str(method, url):
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        Request(method, url)


def test_headers_are_copied_and_checked():
    headers = {"x-a": "1"}
    request = Request("GET", "http://origin.example/", headers=headers)
    request.headers["x-b"] = "2"

    assert headers == {"x-a": "1"}
    with pytest.raises(InvalidHeader):
        Request("GET", "http://origin.example/", headers={"x-a": "\n"})


def test_the_body_is_read_like_any_other():
    assert Request("POST", "http://origin.example/", body="text").body.read() == b"text"
    assert Request("POST", "http://origin.example/").body.read() == b""
