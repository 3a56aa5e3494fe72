"""For any input from an origin, the facade raises only its own exceptions."""

import contextlib
import itertools
import socketserver
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute import requests
from fastly_compute.requests.cookie import Place, read_cookie
from fastly_compute.requests.utils import (
    get_encoding_from_headers,
    parse_dict_header,
    parse_header_links,
)

pytestmark = pytest.mark.usefixtures("guest")

PLACE = Place("http", "a.example", "/")
FRAGMENTS = {
    "Location": [
        *["http://", "https://", "//", "/", "[::1", "[::1]"],
        *["[", "]", ":", "99999", "080", "@", "?"],
        *["%", "%zz", "%41", "%25eth0", "fe80::1", "\\", " ", "a b", "#", "..", "v1.x", "\xe9"],
        *["\xe2\x84\x80", "mailto:", "user:pass", "localhost"],
        *["127.0.0.1:1", "x.example", "*", "9" * 5000],
    ],
    "Set-Cookie": [
        *["a=b", ";", "=", "max-age=", "expires=", "domain=", "path=", "9" * 5000, "-", "1", " "],
        *["Wed, 09 Jun 2100 10:18:14 GMT", "31 feb 9999", "01 jan 0000 99:99:99", '"', "\\", ","],
        *["\xe9", "%", "secure", "httponly", "127.0.0.1", ".local", "version=", "port=", "1e9"],
    ],
    "Content-Type": [
        *["text/html", "application/json", ";", "charset=", "="],
        *['"', "utf-8", "hex", "base64", "idna"],
        *["punycode", "undefined", "rot13", "utf-7"],
        *["utf-16", "unicode_escape", "mbcs", "zlib", "\xe9"],
        *["nonsense", "raw_unicode_escape", "uu", "quopri", "bz2", " ", "utf-8-sig", "x" * 3000],
    ],
    "Content-Encoding": [
        *["gzip", "x-gzip", "deflate", "identity", "br", "zstd"],
        *[",", ", ", "*", ";q=1", "\xe9", "GZIP"],
    ],
    "Link": ["<", ">", ";", "rel=", "next", '"', "'", ",", ", <", "=", "https://a/", "\xe9", " "],
    "WWW-Authenticate": [
        *["Digest ", "digest ", "Basic ", "realm="],
        *["nonce=", "qop=", "auth", "auth-int", "algorithm="],
        *["MD5", "MD5-sess", "SHA-512-256", "opaque=", "stale=", '"'],
        *["\\", ",", ", ", "=", "\xe9", "nc="],
    ],
    "Refresh": ["0", ";", "url=", "http://[", "9" * 5000],
    "Retry-After": ["9" * 5000, "-1", "Wed, 09 Jun 2100 10:18:14 GMT"],
    "Expires": ["0", "-1", "9" * 5000, "Wed, 99 Jun 99999 10:18:14 GMT"],
    "Cache-Control": ["max-age=", "s-maxage=", "9" * 5000, "-1", "no-store", ",", "="],
    "Age": ["9" * 5000, "-1", "x"],
    "Date": ["0", "Wed, 99 Jun 99999 10:18:14 GMT", "9" * 5000],
    "Content-Range": ["bytes ", "9" * 5000, "-", "/", "*"],
    "Vary": ["*", ",", "\xe9", "cookie"],
}
BODIES = [b"", b"{}", b"[" * 2_000, b"1" * 5000, b"\xff\xfe", b"\x1f\x8b", b"NaN"]
BODIES += [b'"\\ud800"', b"\x78\x9c", b"a\r\nb", b"1e999999999", b"\xef\xbb\xbf{}"]
BODIES += [b"\x1f\x8b\x08" + bytes(20), b"-" * 10]
STATUSES = [200, 204, 301, 302, 304, 307, 401, 404, 500]


def values(name):
    latin = st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")
    return st.lists(st.sampled_from(FRAGMENTS[name]) | st.text(latin), max_size=6).map("".join)


HEADERS = st.lists(
    st.sampled_from(list(FRAGMENTS)).flatmap(lambda name: st.tuples(st.just(name), values(name))),
    max_size=4,
)
ANSWERS = st.tuples(st.sampled_from(STATUSES), HEADERS, st.sampled_from(BODIES))


class Says(socketserver.ThreadingTCPServer):
    """Answers each request with the bytes that are next, and closes the connection."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = b""
        self._asked = itertools.count()

    @property
    def url(self) -> str:
        """A URL that no cache knows."""
        return f"http://127.0.0.1:{self.server_address[1]}/{next(self._asked)}"


class Handler(socketserver.StreamRequestHandler):
    server: Says

    def handle(self) -> None:
        method = self.rfile.readline()[:4]
        while self.rfile.readline().strip():
            pass
        head, _, body = self.server.answer.partition(b"\r\n\r\n")
        self.wfile.write(head + b"\r\n\r\n" + (b"" if method == b"HEAD" else body))


@pytest.fixture(scope="module")
def says() -> Iterator[Says]:
    with Says() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def answered(status, headers, body):
    fields = [f"{name}: {value}".rstrip() for name, value in headers]
    if status not in (204, 304):
        fields.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"HTTP/1.1 {status} Some", *fields, "Connection: close", "", ""])
    return head.encode("latin-1") + (b"" if status in (204, 304) else body)


LOOKS = {
    "text": lambda r: r.text,
    "json": lambda r: r.json(),
    "links": lambda r: r.links,
    "cookies": lambda r: (r.cookies.get_dict(), r.cookies.copy()),
    "encoding": lambda r: r.encoding,
    "decoded": lambda r: list(r.iter_content(7, decode_unicode=True)),
    "lines": lambda r: list(r.iter_lines(decode_unicode=True)),
    "status": lambda r: r.raise_for_status(),
    "next": lambda r: (r.next, r.is_redirect, r.is_permanent_redirect, r.reason, r.ok),
    "repr": lambda r: (repr(r), repr(r.headers), repr(r.cookies), repr(r.history)),
    "raw": lambda r: r.raw.read(),
}


def looked_at(response):
    for look in LOOKS.values():
        with contextlib.suppress(requests.RequestException):
            look(response)
    response.close()


EVERY = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@EVERY
@given(
    answer=ANSWERS,
    stream=st.booleans(),
    follow=st.booleans(),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_whatever_is_answered(says, answer, stream, follow, method):
    says.answer = answered(*answer)
    session = requests.Session()
    session.max_redirects = 2
    for auth in (None, ("user", "pass"), requests.auth.HTTPDigestAuth("user", "pass")):
        try:
            response = session.request(
                method, says.url, stream=stream, allow_redirects=follow, auth=auth, timeout=5
            )
        except requests.RequestException:
            continue
        looked_at(response)


@EVERY
@given(name=st.sampled_from(list(FRAGMENTS)), data=st.data())
def test_whatever_one_header_says(says, name, data):
    status = {"Location": 302, "WWW-Authenticate": 401}.get(name, 200)
    says.answer = answered(status, [(name, data.draw(values(name)))], b"{}")
    session = requests.Session()
    session.max_redirects = 2
    digest = requests.auth.HTTPDigestAuth("user", "pass")
    for method in ("get", "send_async"):
        try:
            if method == "get":
                response = session.get(says.url, auth=digest, timeout=5)
            else:
                asked = requests.Request("GET", says.url, auth=digest)
                response = session.send_async(session.prepare_request(asked)).wait(5)
        except requests.RequestException:
            continue
        looked_at(response)


@EVERY
@given(text=st.text() | values("WWW-Authenticate") | values("Link") | values("Content-Type"))
def test_parsers_of_headers_take_any_text(text):
    parse_dict_header(text)
    parse_header_links(text)
    get_encoding_from_headers({"content-type": text})


@EVERY
@given(url=values("Location") | st.text())
def test_a_url_that_cannot_be_requested_is_an_exception_of_the_facade(url):
    with contextlib.suppress(requests.RequestException):
        assert requests.Request("GET", url).prepare().path_url


LONG = 60_000  # what a header may have


@pytest.mark.parametrize(
    "text",
    [
        *['"' * LONG, '"\\' * (LONG // 2)],
        *['a"' + '\\"' * (LONG // 2), "," * LONG, ", " * (LONG // 2)],
        *[" " * LONG, ";" * LONG, "=" * LONG],
        *[", <" * (LONG // 3), '"a' * (LONG // 2), ":1" * (LONG // 2)],
        *["%41" * (LONG // 3), "/.." * (LONG // 3), ", " + " " * LONG + "x", "a" * LONG],
        *[f"expires=1 jan 2000 {' ' * LONG}x", f"expires={'a' * LONG}", f"expires=1{'-' * LONG}x"],
        f"max-age={' ' * LONG}x",
    ],
    ids=lambda text: text[:12],
)
def test_a_long_header_is_read_once(text):
    """One that is read again from each of its characters would take minutes."""
    parse_dict_header(text)
    parse_header_links(text)
    get_encoding_from_headers({"content-type": text})
    read_cookie(text, PLACE)
    read_cookie(f"a=b; {text}", PLACE)
    requests.utils.requote_uri(text)
    requests.Request("GET", f"http://a.example/{text}").prepare()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('realm="a, b", nonce=c', {"realm": "a, b", "nonce": "c"}),
        ('realm="a\\"b", x', {"realm": 'a"b', "x": None}),
        ('realm="a, b', {"realm": '"a, b'}),
        ('realm="a\\', {"realm": '"a'}),
    ],
)
def test_a_dict_header_has_quoted_commas(text, found):
    assert parse_dict_header(text) == found
