"""Names of `requests` that libraries and older programs use, compared with the real one."""

import copy
import http.cookiejar
import http.cookies
import io
import pickle
import socket
import threading
from http.client import HTTPMessage

import pytest
import requests as real
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import requests
from fastly_compute.requests import utils

URLS = [
    "http://user:pass@a.example/x?q=1#f",
    "//user:pass@a.example/x",
    "user:pass@a.example/x?q=1",
    "a.example/x",
    "a.example:80/x",
    "scheme:user:pass@a.example/x",
    "http://a.example/@x",
    "user:pass@a.example",
    "",
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_loses_its_credentials_with_a_scheme_and_without(url):
    assert utils.urldefragauth(url) == real.utils.urldefragauth(url)


@pytest.mark.parametrize("url", URLS)
def test_credentials_that_are_taken_away_are_nowhere_else(url):
    assert "pass" not in utils.urldefragauth(url)


def test_a_url_that_cannot_be_split_is_an_invalid_url():
    with pytest.raises(requests.exceptions.InvalidURL):
        utils.urldefragauth("http://[::1")


@pytest.mark.parametrize("host", ["\u2603.net", "a.\U0001f600.example", "\u2603"])
def test_a_host_of_symbols_is_an_invalid_url(host):
    for package in (requests, real):
        with pytest.raises(package.exceptions.InvalidURL):
            package.Request("GET", f"http://{host}/").prepare()


@pytest.mark.parametrize(
    "host", ["b\u00fccher.example", "\u0939\u093f\u0928\u094d\u0926\u0940.example"]
)
def test_a_host_of_letters_and_marks_is_written_in_ascii(host):
    (mine, theirs) = (p.Request("GET", f"http://{host}/").prepare().url for p in (requests, real))

    assert mine == theirs


@pytest.mark.parametrize("url", ["http+unix://%2Fvar%2Frun%2FSocket/Path", "HTTP://A.Example/"])
@pytest.mark.parametrize("params", [None, {"key": "value"}])
def test_only_hosts_of_http_are_written_in_lower_case(url, params):
    mine, theirs = (p.Request("GET", url, params=params).prepare().url for p in (requests, real))

    assert mine == theirs


def test_a_method_can_be_bytes():
    mine, theirs = (p.Request(b"GET", "http://a/").prepare().method for p in (requests, real))

    assert mine == theirs == "GET"
    assert requests.Request(b"PURGE", "http://a/").prepare().method == "PURGE"


@pytest.mark.parametrize("cookies", [None, {"a": "1"}, http.cookiejar.CookieJar()])
def test_a_prepared_request_keeps_the_kind_of_its_jar(cookies):
    for package in (requests, real):
        request = package.Request("GET", "http://a/", cookies=cookies).prepare()
        assert (request._cookies is cookies) == isinstance(cookies, http.cookiejar.CookieJar)
        assert type(request.copy()._cookies) is type(request._cookies)
        assert request.copy()._cookies is not request._cookies
        assert package.PreparedRequest().copy()._cookies is None


def test_a_jar_is_one_of_python_itself_to_isinstance():
    jar = requests.cookies.RequestsCookieJar()
    jar.set("a", "1")

    class Own(requests.cookies.RequestsCookieJar):
        pass

    assert isinstance(jar, http.cookiejar.CookieJar)
    assert isinstance(jar, requests.cookies.RequestsCookieJar)
    assert isinstance(Own(), http.cookiejar.CookieJar)
    assert isinstance(requests.Session().cookies, http.cookiejar.CookieJar)
    assert isinstance(jar.__class__(), requests.cookies.RequestsCookieJar)
    for again in (pickle.loads(pickle.dumps(jar)), copy.copy(jar), copy.deepcopy(jar), jar.copy()):
        assert type(again) is requests.cookies.RequestsCookieJar
        assert again == jar
        assert again.get_dict() == {"a": "1"}


class Answer:
    """A response of urllib, as far as a jar looks at it."""

    def __init__(self, *cookies: str) -> None:
        self.headers = HTTPMessage()
        for cookie in cookies:
            self.headers["Set-Cookie"] = cookie

    def info(self):
        return self.headers


@pytest.mark.parametrize("package", [requests, real], ids=["ours", "theirs"])
def test_a_jar_serves_urllib(package):
    request = package.Request("GET", "https://shop.example/cart/x").prepare()
    jar = package.cookies.RequestsCookieJar()
    jar.extract_cookies(
        Answer("a=1; Path=/cart", "b=2; Domain=evil.example", "c=3; Max-Age=0"),
        package.cookies.MockRequest(request),
    )
    asked = package.cookies.MockRequest(request)
    jar.add_cookie_header(asked)

    assert jar.get_dict() == {"a": "1"}
    assert asked.get_new_headers() == {"Cookie": "a=1"}
    assert [c.name for c in jar.make_cookies(Answer("d=4"), asked)] == ["d"]


@pytest.mark.parametrize("package", [requests, real], ids=["ours", "theirs"])
def test_a_jar_of_python_reads_what_requests_received(package):
    request = package.Request("GET", "https://a.example/", headers={"Host": "shop.example"})
    seen = package.cookies.MockRequest(request.prepare())
    jar = http.cookiejar.CookieJar()
    headers = Answer("a=1").info()
    jar.extract_cookies(package.cookies.MockResponse(headers), seen)
    jar.add_cookie_header(seen)

    assert [cookie.domain for cookie in jar] == ["shop.example"]
    assert seen.get_new_headers() == {"Cookie": "a=1"}
    assert (seen.type, seen.host, seen.get_full_url()) == (
        "https",
        "a.example",
        "https://shop.example/",
    )
    with pytest.raises(NotImplementedError):
        seen.add_header("a", "b")


def test_a_policy_is_refused():
    with pytest.raises(NotImplementedError, match="policy= is not supported"):
        requests.cookies.RequestsCookieJar(http.cookiejar.DefaultCookiePolicy())


@pytest.mark.parametrize(
    "attributes",
    [{}, {"max-age": "60"}, {"expires": "Thu, 01-Jan-2037 00:00:10 GMT"}, {"secure": True}],
)
def test_a_morsel_becomes_a_cookie(attributes):
    morsel = http.cookies.Morsel()
    morsel.set("a", "1", "1")
    morsel.update({"path": "/x", "domain": "a.example", **attributes})
    mine, theirs = (p.cookies.morsel_to_cookie(morsel) for p in (requests, real))

    for name in ("name", "value", "path", "domain", "secure", "discard", "expires"):
        if name != "expires" or "max-age" not in attributes:
            assert getattr(mine, name) == getattr(theirs, name)
    assert (mine.expires is None) == (theirs.expires is None)


@pytest.mark.parametrize(("name", "value"), [("max-age", "soon"), ("expires", 100)])
def test_a_morsel_with_a_wrong_date_is_a_type_error(name, value):
    morsel = http.cookies.Morsel()
    morsel.set("a", "1", "1")
    morsel[name] = value

    for package in (requests, real):
        with pytest.raises(TypeError):
            package.cookies.morsel_to_cookie(morsel)


TEXT = st.text(alphabet='ab",= \\', max_size=12)


@given(TEXT)
def test_lists_in_headers_are_read_alike(text):
    assert utils.parse_list_header(text) == real.utils.parse_list_header(text)


@pytest.mark.parametrize(
    "value",
    ['"x"', '"a\\\\b\\"c"', '"\\\\\\\\server"', "", '"', "plain"],
)
def test_values_are_unquoted_alike(value):
    for is_filename in (False, True):
        assert utils.unquote_header_value(value, is_filename) == (
            real.utils.unquote_header_value(value, is_filename)
        )


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("dict_to_sequence", ({"a": 1},)),
        ("from_key_val_list", ([("a", 1)],)),
        ("from_key_val_list", (None,)),
        ("guess_filename", (io.BytesIO(),)),
        ("iter_slices", ("abcde", 2)),
        ("iter_slices", (b"abcde", None)),
        ("prepend_scheme_if_needed", ("a.example:80/x", "http")),
        ("prepend_scheme_if_needed", ("https://a.example/x", "http")),
        ("select_proxy", ("http://a.example/", {"http": "p", "all": "q"})),
        ("select_proxy", ("https://a.example/", {"all://a.example": "p"})),
        ("select_proxy", ("https://a.example/", None)),
    ],
)
def test_older_functions_do_what_they_did(function, arguments):
    mine, theirs = (getattr(package.utils, function)(*arguments) for package in (requests, real))
    if function == "iter_slices":
        mine, theirs = list(mine), list(theirs)

    assert (list(mine) if hasattr(mine, "keys") else mine) == (
        list(theirs) if hasattr(theirs, "keys") else theirs
    )


def test_a_page_names_its_encodings():
    page = '<meta charset="utf-8"><meta content="text/html;charset=latin-1">'
    with pytest.warns(DeprecationWarning, match="get_encodings_from_content"):
        theirs = real.utils.get_encodings_from_content(page)

    assert utils.get_encodings_from_content(page) == theirs
    assert utils.get_encodings_from_content('<?xml version="1" encoding="x"?>') == ["x"]


@given(TEXT)
def test_pairs_in_headers_are_read_alike(text):
    theirs = real.utils.parse_dict_header(text)
    theirs.pop("", None)  # a challenge has no nameless parameters

    assert utils.parse_dict_header(text) == theirs


@pytest.mark.parametrize("header", [("a", "b\nc"), ("a\n", "b"), ("a", 5), (b"a", b"b\r\n")])
def test_a_header_that_cannot_be_sent_is_found(header):
    utils.check_header_validity(("a", "b "))
    utils.check_header_validity((b"a", b"b"))
    with pytest.raises(requests.exceptions.InvalidHeader):
        utils.check_header_validity(header)


def test_there_is_no_environment():
    assert utils.get_environ_proxies("http://a.example/") == {}
    assert utils.get_netrc_auth("http://a.example/") is None
    assert utils.should_bypass_proxies("http://a.example/")
    assert utils.resolve_proxies(None, {"http": "p"}) == {"http": "p"}


def test_the_older_function_makes_a_session():
    assert isinstance(requests.session(), requests.Session)
    assert requests.sessions.session is requests.session


def test_settings_are_merged_by_a_method_that_can_be_overridden(guest, echo):
    class Own(requests.Session):
        def merge_environment_settings(self, url, proxies, stream, verify, cert):
            urls.append(url)
            return super().merge_environment_settings(url, proxies, stream, verify, cert)

    urls = []
    session = Own()
    session.stream = True

    assert not session.get(echo.url, params={"a": "1"})._content_consumed
    assert urls == [f"{echo.url}/?a=1"]


def test_the_default_authorities_can_be_passed_on(guest, echo):
    assert requests.get(echo.url, verify=utils.DEFAULT_CA_BUNDLE_PATH).ok
    assert requests.get(echo.url, verify=requests.certs.where()).ok


def test_headers_are_added_and_responses_built_by_methods_that_can_be_overridden(guest, echo):
    class Own(requests.adapters.HTTPAdapter):
        def add_headers(self, request, **kwargs):
            request.headers["X-Timeout"] = str(kwargs["timeout"])

        def build_response(self, req, resp):
            resp.headers["X-Built"] = f"{resp.status} {resp.reason} {resp.version}"
            response = super().build_response(req, resp)
            response.built = True  # type: ignore[attr-defined]
            return response

    session = requests.Session()
    session.mount("http://", Own())
    response = session.get(echo.url, params={"status": "404", "set-cookie": "a=1"}, timeout=3)

    assert response.built  # type: ignore[attr-defined]
    assert response.headers["x-built"] == "404 Not Found 11"
    assert response.json()["headers"]["x-timeout"] == "3"
    assert response.cookies["a"] == session.cookies["a"] == "1"
    pending = session.send_async(session.prepare_request(requests.Request("GET", echo.url)))
    assert pending.wait().built  # type: ignore[attr-defined]


def test_sending_without_waiting_does_not_pass_by_another_send(guest, echo):
    class Own(requests.adapters.HTTPAdapter):
        def send(self, request, **kwargs):  # type: ignore[override]
            return super().send(request, **kwargs)

    session = requests.Session()
    session.mount("http://", Own())
    with pytest.raises(NotImplementedError, match=r"Own cannot send without waiting: its send\(\)"):
        session.send_async(session.prepare_request(requests.Request("GET", echo.url)))


def test_two_lengths_of_a_body_are_a_connection_error(guest):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                lengths = b"Content-Length: 5\r\nContent-Length: 6\r\n"
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + lengths + b"\r\nhello!")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(requests.ConnectionError, match="broke the rules of HTTP"):
            requests.get(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()


def test_a_timeout_of_urllib3_is_refused(guest, echo):
    with pytest.raises(ValueError, match="timeout must be"):
        requests.get(echo.url, timeout=urllib3.Timeout(3))


def test_a_response_of_a_mock_raises_what_it_raises(guest):
    class Broken:
        status, reason, headers = 200, "OK", {}

        def read(self, size):
            raise urllib3.exceptions.ProtocolError("cut")

    request = requests.Request("GET", "http://a/").prepare()
    response = requests.adapters.HTTPAdapter().build_response(request, Broken())
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _ = response.content
