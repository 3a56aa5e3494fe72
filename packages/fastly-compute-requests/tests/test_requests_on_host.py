import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import pytest
import requests as real

from fastly_compute import requests
from fastly_compute.backend import Backend
from fastly_compute.core import HostUnavailable
from fastly_compute.local import BackendConfig, Host, HostConfig


def body_of(request: BaseHTTPRequestHandler) -> bytes:
    if "transfer-encoding" not in request.headers:
        return request.rfile.read(int(request.headers.get("content-length", 0)))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


class Origin(BaseHTTPRequestHandler):
    """Answers with what the query asks for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = body_of(self)
        target = urlsplit(self.path)
        asked = parse_qsl(target.query, encoding="latin-1")
        if target.path == "/seen":
            seen = {
                "method": self.command,
                "target": self.path,
                "headers": dict(self.headers.items()),
                "body": body.decode("latin-1"),
            }
            answer = json.dumps(seen).encode()
        else:
            raw = [part[5:] for part in target.query.split("&") if part.startswith("body=")]
            answer = unquote_to_bytes(raw[0]) if raw else b""
        length = len(answer)
        self.send_response(int(dict(asked).get("status", 200)))
        for name, value in asked:
            if name == "missing":
                length += int(value)
                self.close_connection = True
            elif name not in {"status", "body"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox(origin: str) -> Iterator[None]:
    with (
        Host(HostConfig(backends={"origin": BackendConfig(url=origin)})) as host,
        host.guest_context(),
    ):
        yield


pytestmark = pytest.mark.usefixtures("sandbox")


def outcome(look):
    """The value of an expression, or the exception that it raises."""
    try:
        return look()
    except Exception as error:
        kind = LookupError if isinstance(error, requests.exceptions.UnknownCharset) else type(error)
        return kind.__name__, str(error)


LOOKS = {
    "status_code": lambda r: r.status_code,
    "reason": lambda r: r.reason,
    "ok": lambda r: r.ok,
    "bool": bool,
    "url": lambda r: r.url,
    "content": lambda r: r.content,
    "encoding": lambda r: r.encoding,
    "text": lambda r: r.text,
    "json": lambda r: r.json(),
    "is_redirect": lambda r: r.is_redirect,
    "is_permanent_redirect": lambda r: r.is_permanent_redirect,
    "raise_for_status": lambda r: r.raise_for_status(),
    "repr": repr,
    "chunks": lambda r: list(r.iter_content(3)),
    "decoded chunks": lambda r: "".join(
        chunk if isinstance(chunk, str) else chunk.decode("latin-1")
        for chunk in r.iter_content(3, decode_unicode=True)
    ),
    "whole": lambda r: list(r.iter_content(None)),
    "iter": lambda r: list(r),
    "lines": lambda r: list(r.iter_lines()),
    "delimited": lambda r: list(r.iter_lines(delimiter=b",")),
    "header": lambda r: r.headers.get("x-a"),
    "request": lambda r: (r.request.method, r.request.url),
}


@pytest.mark.parametrize(
    "query",
    [
        "body=plain",
        "body=",
        "status=204",
        "status=404&body=gone",
        "status=503",
        "status=399",
        "status=499",
        "status=302",
        "status=302&location=/x",
        "status=308&location=/x",
        "status=304&location=/x",
        "x-a=1&x-a=2&x-A=3&set-cookie=a%3D1&set-cookie=b%3D2",
        "content-type=text/html&body=caf%E9",
        "content-type=text/html;charset=utf-8&body=caf%C3%A9",
        "content-type=text/html;Charset=%22UTF-8%22&body=caf%C3%A9",
        "content-type=text/html;charset=nonsense&body=caf%C3%A9",
        "content-type=text/html;charset=windows-1252&body=%80",
        "content-type=text/html;a=b;charset=utf-8;charset=latin-1&body=caf%E9",
        "content-type=application/json&body={%22a%22:1}",
        "content-type=application/json&body=%EF%BB%BF{}",
        "content-type=application/json&body={",
        "content-type=application/json&body=",
        "content-type=x/y&body={%22a%22:%22%C3%A9%22}",
        "content-type=x/y&body=%EF%BB%BF{%22a%22:1}",
        "content-type=x/y&body=%FF%FE{%00}%00",
        "content-type=x/y&body={%00}%00",
        "content-type=x/y&body=%00{%00}",
        "content-type=x/y&body=%FF%FE%00%00{%00%00%00}%00%00%00",
        "content-type=x/y&body={%00%00%00}%00%00%00",
        "content-type=x/y&body=%00%00%00{%00%00%00}",
        "body=a%0Ab%0D%0Ac%0D%0Dd%0A",
        "body=a,b,,c,",
        "body=%F0%9F%98%80&content-type=text/x;charset=utf-8",
    ],
)
@pytest.mark.parametrize("look", list(LOOKS))
def test_a_response_is_what_requests_makes_of_it(origin, query, look):
    url = f"{origin}/answer?{query}"
    ours = requests.get(url, allow_redirects=False)
    theirs = real.get(url, allow_redirects=False, timeout=5)
    if look == "text" and theirs.encoding is None:
        theirs.encoding = "utf-8"  # requests would guess
    if theirs.reason == "":
        theirs.reason = "Unknown"  # the origin's word; the host does not pass it on

    assert outcome(lambda: LOOKS[look](ours)) == outcome(lambda: LOOKS[look](theirs))


@pytest.mark.parametrize("name", ["get", "options", "head", "post", "put", "patch", "delete"])
def test_each_function_sends_its_method(origin, name):
    response = getattr(requests, name)(f"{origin}/seen")

    assert response.request.method == name.upper()
    assert response.status_code == 200
    assert name == "head" or response.json()["method"] == name.upper()


def test_arguments_by_position_are_those_of_requests(origin):
    assert requests.get(f"{origin}/seen", {"a": 1}).json()["target"] == "/seen?a=1"
    assert requests.post(f"{origin}/seen", "text").json()["body"] == "text"
    assert requests.post(f"{origin}/seen", None, {"a": 1}).json()["body"] == '{"a": 1}'
    assert requests.put(f"{origin}/seen", b"p").json()["body"] == "p"
    assert requests.patch(f"{origin}/seen", b"p").json()["body"] == "p"


def test_what_is_sent_is_what_was_prepared(origin):
    headers = {"X-A": "1", "accept": None}

    seen = requests.post(
        f"{origin}/seen", params={"q": "é"}, data={"a": [1, 2]}, headers=headers
    ).json()

    assert seen["target"] == "/seen?q=%C3%A9"
    assert seen["body"] == "a=1&a=2"
    assert seen["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert seen["headers"]["X-A"] == "1"
    assert "Accept" not in seen["headers"]
    assert headers == {"X-A": "1", "accept": None}


def test_a_stream_is_sent_whole(origin):
    pieces = (b"x" * 1000 for _ in range(100))

    assert len(requests.post(f"{origin}/seen", data=pieces).json()["body"]) == 100_000


@pytest.mark.parametrize("keyword", ["backend", "fastly_backend"])
def test_a_static_backend_gets_the_host_of_the_url(keyword):
    seen = requests.get("https://site.example/seen", **{keyword: "origin"}).json()

    assert seen["headers"]["Host"] == "site.example"


def test_a_backend_can_be_given_as_an_object(origin):
    assert requests.get(f"{origin}/seen", backend=Backend.open("origin")).ok


@pytest.mark.parametrize(
    "timeouts", [{"timeout": 1}, {"timeout": (1, 2)}, {"fastly_timeout": requests.TimeoutConfig()}]
)
def test_a_timeout_with_a_given_backend_is_refused(origin, timeouts):
    with pytest.raises(ValueError, match="cannot be used with the backend 'origin'"):
        requests.get(f"{origin}/seen", fastly_backend="origin", **timeouts)


def test_the_two_names_of_the_backend_exclude_each_other(origin):
    with pytest.raises(ValueError, match="give one of them"):
        requests.get(origin, backend="origin", fastly_backend="origin")


def test_each_timeout_has_a_backend_of_its_own(origin):
    for timeout in (None, 3, (3, 4)):
        assert requests.get(f"{origin}/seen", timeout=timeout).ok
    connect = timedelta(seconds=3)
    default = Backend.for_url(origin)
    three = Backend.for_url(
        origin, connect_timeout=connect, first_byte_timeout=3, between_bytes_timeout=3
    )

    assert three.is_dynamic
    assert (three.connect_timeout, three.first_byte_timeout) == (connect, connect)
    assert default.connect_timeout != connect


def test_a_fastly_timeout_is_the_backends(origin):
    requests.get(f"{origin}/seen", fastly_timeout=requests.TimeoutConfig(1, 2, 3))

    backend = Backend.for_url(
        origin, connect_timeout=1, first_byte_timeout=2, between_bytes_timeout=3
    )
    assert backend.between_bytes_timeout == timedelta(seconds=3)


@pytest.mark.parametrize(
    ("keyword", "value", "instead"),
    [
        ("proxies", {"http": "x"}, "a backend says"),
        ("verify", False, "always verifies certificates; pass verify= the PEM text"),
        ("verify", "/ca.pem", "read the file at module level"),
        ("cert", "/c.pem", "pass a pair of the certificate's PEM text and the key as a Secret"),
        ("cert", ("/c.pem", "/k.pem"), "as a Secret"),
    ],
)
def test_what_is_not_supported_is_refused_with_what_to_do(origin, keyword, value, instead):
    with pytest.raises(NotImplementedError, match=f"{keyword}= .*is not supported: .*{instead}"):
        requests.get(f"{origin}/seen", **{keyword: value})
    session = requests.Session()
    setattr(session, keyword, value)
    with pytest.raises(NotImplementedError, match=f"{keyword}= .*is not supported"):
        session.get(f"{origin}/seen")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("auth", None),
        ("cookies", {}),
        ("files", []),
        ("proxies", {}),
        ("hooks", {}),
        ("verify", True),
        ("cert", None),
        ("stream", False),
    ],
)
def test_a_value_that_changes_nothing_is_taken(origin, keyword, value):
    assert requests.get(f"{origin}/seen", **{keyword: value}).ok


@pytest.mark.parametrize("call", [requests.get, requests.post, requests.delete])
def test_an_unknown_keyword_is_a_type_error(origin, call):
    with pytest.raises(TypeError, match="alow_redirects"):
        call(origin, alow_redirects=False)


def test_a_status_that_failed_raises_with_request_and_response(origin):
    response = requests.get(f"{origin}/answer?status=404")

    with pytest.raises(requests.HTTPError) as caught:
        response.raise_for_status()

    assert str(caught.value) == (f"404 Client Error: Not Found for url: {origin}/answer?status=404")
    assert caught.value.response is response
    assert caught.value.request is response.request


def test_redirects_are_not_followed_where_an_app_says_so(origin):
    response = requests.get(f"{origin}/answer?status=301&location=/seen", allow_redirects=False)

    assert (response.status_code, response.headers["Location"]) == (301, "/seen")
    assert response.is_redirect
    assert response.is_permanent_redirect


def test_an_encoding_can_be_set(origin):
    response = requests.get(f"{origin}/answer?content-type=text/html&body=caf%C3%A9")
    assert response.text == "cafÃ©"

    response.encoding = "utf-8"

    assert response.text == "café"


def test_elapsed_is_a_duration(origin):
    assert timedelta(0) < requests.get(f"{origin}/seen").elapsed < timedelta(seconds=30)


def test_headers_are_still_there_after_the_response_was_closed(origin):
    with requests.get(f"{origin}/answer?x-a=b", stream=True) as response:
        pass

    assert response.headers["X-A"] == "b"
    assert requests.FastlyResponse is requests.Response is type(response)


# Streams


def test_a_stream_is_read_when_it_is_asked_for(origin):
    response = requests.get(f"{origin}/answer?body=0123456789", stream=True)

    chunks = response.iter_content(4)

    assert next(chunks) == b"0123"
    assert response.content == b"456789"
    assert response.content == b"456789"


@pytest.mark.parametrize("size", [1, 3, None])
def test_a_stream_is_read_once(origin, size):
    response = requests.get(f"{origin}/answer?body=0123456789", stream=True)
    assert b"".join(response.iter_content(size)) == b"0123456789"

    with pytest.raises(requests.exceptions.StreamConsumedError):
        response.iter_content(size)
    with pytest.raises(requests.exceptions.StreamConsumedError):
        _ = response.content


def test_a_closed_stream_cannot_be_read(origin):
    response = requests.get(f"{origin}/answer?body=0123456789", stream=True)
    response.close()

    with pytest.raises(requests.exceptions.StreamConsumedError):
        _ = response.text


@pytest.mark.parametrize("size", [1, 2, 3, 512])
@pytest.mark.parametrize("text", ["a\r\nb\rc\n\nd", "a\n", "\r\n", "", "a\r"])
def test_lines_do_not_depend_on_the_size_of_the_chunks(origin, size, text):
    response = requests.get(f"{origin}/answer", params={"body": text}, stream=True)

    assert list(response.iter_lines(size)) == text.encode().splitlines()


@pytest.mark.parametrize("size", [1, 2, 512])
def test_a_delimiter_does_not_depend_on_the_size_of_the_chunks(origin, size):
    response = requests.get(f"{origin}/answer?body=a--b----c--", stream=True)

    assert list(response.iter_lines(size, delimiter=b"--")) == [b"a", b"b", b"", b"c", b""]


@pytest.mark.parametrize("size", [1, 2, 3, 512])
def test_a_delimiter_may_be_longer_than_the_chunks(origin, size):
    response = requests.get(f"{origin}/answer?body=a-:-:b-:-:c-:-", stream=True)

    assert list(response.iter_lines(size, delimiter=b"-:-:")) == [b"a", b"b", b"c-:-"]


def test_lines_can_be_decoded(origin):
    url = f"{origin}/answer?content-type=text/x;charset=utf-8&body=%C3%A9%0A%C3%BC"

    assert list(requests.get(url).iter_lines(1, decode_unicode=True)) == ["é", "ü"]


@pytest.mark.parametrize(("size", "kind"), [("1", TypeError), (1.5, TypeError), (0, ValueError)])
def test_a_chunk_size_is_a_positive_int(origin, size, kind):
    with pytest.raises(kind, match="chunk_size must be"):
        requests.get(f"{origin}/answer?body=x").iter_content(size)


# Failures


def test_a_body_that_breaks_off_is_a_chunked_encoding_error(origin):
    url = f"{origin}/answer?body=half&missing=5"

    with pytest.raises(real.exceptions.ChunkedEncodingError):
        real.get(url, timeout=5)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url)
    response = requests.get(url, stream=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
        _ = response.content
    assert caught.value.response is response


def test_a_refused_connection_is_a_connection_error_with_its_request():
    with pytest.raises(requests.ConnectionError, match="the backend refused") as caught:
        requests.get("http://127.0.0.1:1/x?token=s3cret")

    assert caught.value.request.url == "http://127.0.0.1:1/x?token=s3cret"
    assert caught.value.response is None
    assert caught.value.__cause__.detail == "connection-refused"
    assert "s3cret" not in str(caught.value)


def test_an_unknown_backend_is_a_connection_error(origin):
    with pytest.raises(requests.BackendNotFound) as caught:
        requests.get(origin, backend="nowhere")

    assert isinstance(caught.value, requests.ConnectionError)
    assert isinstance(caught.value, LookupError)


def test_a_slow_backend_is_a_read_timeout():
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Origin)  # accepts, and never answers
    with listener, pytest.raises(requests.ReadTimeout):
        requests.get(f"http://127.0.0.1:{listener.server_port}/", timeout=(5, 0.05))


@pytest.mark.parametrize("url", ["http://a b/", "http://a_b%20/", "http://" + "a" * 64 + "/"])
def test_a_host_that_cannot_be_is_an_invalid_url(url):
    with pytest.raises(requests.exceptions.InvalidURL):
        requests.get(url)


def test_a_method_that_is_none_is_a_value_error(origin):
    with pytest.raises(ValueError, match="a method is a token"):
        requests.request("GET /", origin)


def test_every_failure_is_a_request_exception_and_an_os_error(origin):
    for kind in (requests.BackendNotFound, requests.ReadTimeout, requests.JSONDecodeError):
        assert issubclass(kind, requests.RequestException)
        assert issubclass(kind, OSError)


class TestWithoutAHost:
    @pytest.fixture
    def sandbox(self):
        """There is none."""

    def test_a_request_says_how_to_get_one(self, origin):
        with pytest.raises(HostUnavailable):
            requests.get(origin)
