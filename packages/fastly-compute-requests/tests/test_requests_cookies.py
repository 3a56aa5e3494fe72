"""The jar, beside the one of the real `requests`."""

import io
from email.message import Message
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests as real
from hypothesis import given, settings
from hypothesis import strategies as st

from fastly_compute import requests
from fastly_compute.http import Headers
from fastly_compute.requests.structures import ReceivedHeaders

HOSTS = ["example.com", "www.example.com", "a.www.example.com", "other.org", "localhost"]
HOSTS += ["127.0.0.1", "example.com:8080", "[::1]", "co.uk"]
hosts = st.sampled_from(HOSTS)
paths = st.sampled_from(["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/a%2fb", "/a b", "/\xe9", ""])
urls = st.builds(
    lambda scheme, host, path: f"{scheme}://{host}{path}",
    st.sampled_from(["http", "https"]),
    hosts,
    paths,
)
dates = st.sampled_from(
    [
        *["Wed, 09 Jun 2100 10:18:14 GMT", "Wed, 09-Jun-2100 10:18:14 GMT", "nonsense", ""],
        *["Wednesday, 09-Jun-99 10:18:14 GMT", "09 Jun 2100 10:18:14", "09 Jun 2100", "1"],
        *["Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 32 Jun 2100 10:18:14 GMT"],
        "Wed, 09 Jun 2100 25:18:14 GMT",
    ]
)
attributes = st.one_of(
    st.builds("Path={}".format, paths),
    st.builds("Domain={}".format, st.sampled_from([*HOSTS[:5], ".example.com", "com", ".org"])),
    st.builds("Expires={}".format, dates),
    st.builds("expires={}".format, dates),
    st.builds("Max-Age={}".format, st.sampled_from(["0", "-1", "100", "x", "+5"])),
    st.sampled_from(["Secure", "secure", "HttpOnly", "SameSite=Lax", "", " ", "x=y=z", "PATH=/A"]),
)
texts = st.text(st.sampled_from("ab1 \"'=,%"), max_size=5)
set_cookies = st.builds(
    lambda name, value, more: "; ".join([f"{name}={value}", *more]).strip(),
    texts,
    texts,
    st.lists(attributes, max_size=4),
)


class Jars:
    """Both jars, which get the same."""

    def __init__(self):
        self.ours = requests.cookies.RequestsCookieJar()
        self.theirs = real.cookies.RequestsCookieJar()

    def receive(self, url, headers):
        ours = requests.Request("GET", url).prepare()
        theirs = real.Request("GET", url).prepare()
        answer = SimpleNamespace(
            headers=ReceivedHeaders(Headers([("Set-Cookie", header) for header in headers]))
        )
        message = Message()
        for header in headers:
            message.add_header("Set-Cookie", header)
        raw = SimpleNamespace(_original_response=SimpleNamespace(msg=message))
        requests.cookies.extract_cookies_to_jar(self.ours, ours, answer)
        real.cookies.extract_cookies_to_jar(self.theirs, theirs, raw)

    def takes_from_another_site(self, url, header):
        """Tell whether theirs lets this header take a cookie away that is not the server's."""
        trial = Jars()
        trial.theirs.update(self.theirs)
        trial.receive(url, [header])
        left = {(c.domain, c.path, c.name) for c in trial.theirs}
        host = urlsplit(url).netloc.partition(":")[0]
        return any(
            (c.domain, c.path, c.name) not in left and not f".{host}".endswith(c.domain)
            for c in self.theirs
            if c.domain.startswith(".")
        )

    def headers(self, url):
        return (
            requests.cookies.get_cookie_header(self.ours, requests.Request("GET", url).prepare()),
            real.cookies.get_cookie_header(self.theirs, real.Request("GET", url).prepare()),
        )

    def contents(self):
        return [
            [(c.name, c.value, c.domain, c.path, c.secure, c.discard, c.expires) for c in jar]
            for jar in (self.ours, self.theirs)
        ]


@given(st.lists(st.tuples(urls, st.lists(set_cookies, max_size=3)), max_size=4), urls)
@settings(max_examples=400, deadline=None)
def test_cookies_are_kept_and_sent_as_requests_does(received, url):
    jars = Jars()
    for at, headers in received:
        for header in headers:  # one by one: what a response sets, theirs does not let it take away
            if not jars.takes_from_another_site(at, header):
                jars.receive(at, [header])

    ours, theirs = jars.contents()
    assert [cookie[:6] for cookie in ours] == [cookie[:6] for cookie in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine[6] is None) == (other[6] is None)
        assert abs((mine[6] or 0) - (other[6] or 0)) <= 2
    assert jars.headers(url)[0] == jars.headers(url)[1]


@pytest.mark.parametrize("date", ["Wed, 09 Foo 2100 10:18:14 GMT", "31 Feb 2100 10:18:14", "x"])
def test_a_date_that_is_none_makes_a_cookie_of_the_session(date):
    request = requests.Request("GET", "http://example.com/").prepare()
    received = ReceivedHeaders(Headers({"Set-Cookie": f"a=1; Expires={date}"}))
    jar = requests.cookies.RequestsCookieJar()

    requests.cookies.extract_cookies_to_jar(jar, request, SimpleNamespace(headers=received))

    assert [(c.expires, c.discard) for c in jar] == [(None, True)]


def test_a_cookie_of_another_site_cannot_be_set_nor_taken_away():
    jars = Jars()
    jars.receive("http://example.com/", ["a=1"])
    jars.receive(
        "http://evil.org/", ["a=2; Domain=example.com", "a=; Max-Age=0; Domain=.example.com"]
    )

    assert [(c.domain, c.value) for c in jars.ours] == [("example.com", "1")]


def test_a_site_cannot_take_away_what_is_for_all_of_another_though_theirs_lets_it():
    jars = Jars()
    jars.receive("http://example.com/", ["a=1; Domain=example.com"])
    jars.receive("http://evil.org/", ["a=; Max-Age=0; Domain=example.com"])

    assert [c.domain for c in jars.ours] == [".example.com"]
    assert len(jars.theirs) == 0


def test_a_secure_cookie_is_for_https():
    jars = Jars()
    jars.receive("https://example.com/", ["a=1; Secure"])

    assert jars.headers("http://example.com/") == (None, None)
    assert jars.headers("https://example.com/") == ("a=1", "a=1")


def test_a_header_of_the_requests_own_goes_before_the_jar():
    jar = requests.cookies.cookiejar_from_dict({"a": "1"})
    request = requests.Request("GET", "http://a/", headers={"cookie": "own=1"}, cookies=jar)

    assert request.prepare().headers["Cookie"] == "own=1"


def test_the_repr_has_no_values():
    jar = requests.cookies.cookiejar_from_dict({"session": "s3cret"})

    assert "session" in repr(jar)
    assert "s3cret" not in repr(jar)


def test_expired_cookies_and_those_of_the_session_can_be_cleared():
    jar = requests.cookies.RequestsCookieJar()
    jar.set("old", "1", expires=1, discard=False)
    jar.set("session", "2")
    jar.set("lasting", "3", expires=2**31, discard=False)

    jar.clear_expired_cookies()
    assert sorted(jar.keys()) == ["lasting", "session"]
    jar.clear_session_cookies()
    assert jar.keys() == ["lasting"]
    assert jar.get_dict() == {"lasting": "3"}
    jar.clear("", "/")
    assert len(jar) == 0
    with pytest.raises(KeyError):
        jar.clear("nowhere")


def test_an_unknown_attribute_is_a_type_error():
    with pytest.raises(TypeError, match="flavour"):
        requests.cookies.create_cookie("a", "b", flavour="oat")


def test_only_a_jar_can_be_merged_into():
    with pytest.raises(ValueError, match="You can only merge into CookieJar"):
        requests.cookies.merge_cookies({}, {"a": "b"})


def test_what_was_not_received_sets_no_cookies():
    response = requests.Response()
    response.headers["Set-Cookie"] = "a=1"
    response.raw = io.BytesIO()

    jar = requests.cookies.RequestsCookieJar()
    requests.cookies.extract_cookies_to_jar(
        jar, requests.Request("GET", "http://a/").prepare(), response
    )

    assert len(jar) == len(response.cookies) == 0
