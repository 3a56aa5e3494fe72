import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.backend import BackendOptionTypeError, InvalidBackendOption
from fastly_compute.backend.target import parse_target, parse_url

LONG_LABEL = "a" * 63
LONGEST_NAME = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


@pytest.mark.parametrize(
    ("text", "host", "port", "is_ip"),
    [
        ("origin.example", "origin.example", None, False),
        ("origin.example:8443", "origin.example", 8443, False),
        ("Origin.EXAMPLE", "origin.example", None, False),
        ("origin.example.", "origin.example", None, False),
        ("origin.example.:1", "origin.example", 1, False),
        ("localhost:65535", "localhost", 65535, False),
        ("my_service.internal", "my_service.internal", None, False),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None, False),
        (f"{LONG_LABEL}.example", f"{LONG_LABEL}.example", None, False),
        (LONGEST_NAME, LONGEST_NAME, None, False),
        ("1.example", "1.example", None, False),
        ("192.0.2.1", "192.0.2.1", None, True),
        ("192.0.2.1:80", "192.0.2.1", 80, True),
        ("::1", "::1", None, True),
        ("[::1]", "::1", None, True),
        ("[2001:DB8:0:0::1]:8080", "2001:db8::1", 8080, True),
        ("2001:db8::8080", "2001:db8::8080", None, True),
    ],
)
def test_a_target_is_a_host_with_or_without_a_port(text, host, port, is_ip):
    target = parse_target(text)

    assert (target.host, target.port, target.is_ip) == (host, port, is_ip)
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "::",
        "[::]",
        "[::]:80",
        "0.0.0.0",
        "0.0.0.0:80",
        ".",
        "a..b",
        ".a",
        "-a.example",
        "a-.example",
        "a b",
        "a.example ",
        "a.example\n",
        "a.example\0",
        "http://a.example",
        "//a.example",
        "a.example/",
        "a.example/path",
        "a.example?x",
        "a.example#x",
        "a.example:",
        "a.example:0",
        "a.example:65536",
        "a.example:+80",
        "a.example:8 0",
        "a.example:https",
        "a.example:80:80",
        ":80",
        "256.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "127.1",
        "1",
        "0x7f.0x1",
        "a.0x7f",
        "[192.0.2.1]",
        "[a.example]",
        "[::1",
        "::1]",
        "[::1]80",
        "[::1]:",
        "[]",
        "[fe80::1%eth0]",
        "fe80::1%eth0",
        "::1:80:",
        "::g",
        "a" * 64,
        f"{LONGEST_NAME}d",
        "*.example",
        "a\\b",
    ],
)
def test_an_invalid_target_is_refused_by_field_and_value(text):
    with pytest.raises(InvalidBackendOption, match=r"^target must be a host") as caught:
        parse_target(text)
    assert caught.value.field == "target"
    assert caught.value.shown == repr(text)
    assert isinstance(caught.value, ValueError)


def test_an_international_name_must_be_in_xn_form():
    for text in ("bücher.example", "\u212a.example", "\uff11.2.3.4", "a\u3002example"):
        with pytest.raises(InvalidBackendOption, match=r"in ASCII .international names in xn"):
            parse_target(text)


@pytest.mark.parametrize("text", ["user:pass@a.example", "hunter2@a.example:80", "@a.example"])
def test_a_password_in_a_target_is_refused_and_not_shown(text):
    with pytest.raises(InvalidBackendOption, match=r"without a user name or password$") as caught:
        parse_target(text)
    assert "pass@" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 1, b"a.example", ("a.example", 80)])
def test_a_target_must_be_text(value):
    with pytest.raises(BackendOptionTypeError, match=r"^target must be a str, ") as caught:
        parse_target(value)
    assert caught.value.kind == type(value).__name__


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_refused(text):
    try:
        target = parse_target(text)
    except InvalidBackendOption:
        return

    assert parse_target(str(target)) == target
    assert str(target).isascii()
    assert str(target) == str(target).lower()


@pytest.mark.parametrize(
    ("tls", "text", "left"),
    [
        (True, "a.example:443", "a.example"),
        (True, "a.example:80", "a.example:80"),
        (False, "a.example:80", "a.example"),
        (False, "a.example:443", "a.example:443"),
        (True, "[::1]:443", "[::1]"),
        (True, "a.example", "a.example"),
    ],
)
def test_a_default_port_is_left_out(tls, text, left):
    assert str(parse_target(text).without_default_port(tls=tls)) == left


@pytest.mark.parametrize(
    ("url", "tls", "target"),
    [
        ("https://a.example/path?q=@x:y#f", True, "a.example"),
        ("http://a.example", False, "a.example"),
        ("HTTPS://A.Example:8443/", True, "a.example:8443"),
        ("http://a.example:?q", False, "a.example"),
        ("http://[::1]:8080/x", False, "[::1]:8080"),
        ("http://192.0.2.1/", False, "192.0.2.1"),
        ("https://a.example#@b.example", True, "a.example"),
        ("https://a.example?@b.example", True, "a.example"),
    ],
)
def test_a_url_gives_the_target(url, tls, target):
    found_tls, found = parse_url(url)

    assert (found_tls, str(found)) == (tls, target)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://a.example/", "url must be an http or https URL, not 'ftp'"),
        ("ws://a.example/", "url must be an http or https URL, not 'ws'"),
        ("/path", "url must be absolute, such as https://origin.example/path"),
        ("a.example/path", "url must be absolute, such as https://origin.example/path"),
        ("https:/a.example", "url must be absolute, such as https://origin.example/path"),
        (" https://a.example", "url must be absolute, such as https://origin.example/path"),
        ("", "url must be absolute, such as https://origin.example/path"),
    ],
)
def test_a_url_that_is_not_absolute_http_is_refused(url, message):
    with pytest.raises(InvalidBackendOption) as caught:
        parse_url(url)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "url",
    [
        "https:///path",
        "https://?q",
        "https://a b/",
        "https://::1/",
        "https://a.example:99999/",
        "https://a.example\\.evil.example/",
        "https://::/",
        "https://a.example\n/",
    ],
)
def test_a_url_without_a_valid_host_is_refused(url):
    with pytest.raises(InvalidBackendOption, match=r"^(the URL's host|url) must be"):
        parse_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@a.example/",
        "https://hunter2@a.example",
        "https://a.example\\@hunter2.example/",
        "https://[::1]:hunter2@a.example/",
        "https:hunter2@a.example",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_shown(url):
    with pytest.raises(InvalidBackendOption) as caught:
        parse_url(url)
    assert "hunter2" not in str(caught.value)


def test_a_url_is_text():
    with pytest.raises(BackendOptionTypeError, match=r"^url must be a str, not bytes$"):
        parse_url(b"https://a.example/")
