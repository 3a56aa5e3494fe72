"""Requests through `Client`: where they go, how they are framed, and what comes back."""

import io

import httpx
import pytest

from fastly_compute.backend import (
    Backend,
    BackendNotAllowed,
    BackendNotFound,
    DynamicBackendConfig,
    allow_dynamic_backends,
    enforce_explicit_backends,
)
from fastly_compute.http import CacheOptions
from fastly_compute.httpx import Client, Transport

pytestmark = pytest.mark.usefixtures("sandbox")


def test_a_url_leads_to_its_backend(origin, sandbox):
    response = Client().get(f"{origin.url}/a?b=c")

    assert response.status_code == 200
    assert response.json()["path"] == "/a?b=c"
    (name,) = sandbox.dynamic_backends
    assert (
        name
        == Backend.for_url(
            origin.url, connect_timeout=5, first_byte_timeout=5, between_bytes_timeout=5
        ).name
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda url: "origin",
        lambda url: Backend.open("origin"),
        lambda url: DynamicBackendConfig(target=url.removeprefix("http://")),
    ],
    ids=["name", "backend", "config"],
)
@pytest.mark.parametrize("where", ["client", "transport", "mount", "extension"])
def test_a_backend_that_is_given_gets_the_request(origin, make, where):
    backend = make(origin.url)
    extensions = None
    if where == "client":
        client: httpx.Client = Client(backend=backend)
    elif where == "transport":
        client = httpx.Client(transport=Transport(backend))
    elif where == "mount":
        client = Client(mounts={"http://shop.example": Transport(backend)})
    else:
        client = Client()
        extensions = {"fastly_backend": backend}
    response = client.get("http://shop.example/x", extensions=extensions)

    assert (response.json()["path"], response.url.host) == ("/x", "shop.example")
    assert response.json()["headers"]["host"] == "shop.example"


def test_the_backend_of_a_request_takes_precedence(origin):
    client = Client(backend="no such backend")

    assert client.get("http://a.example/", extensions={"fastly_backend": "origin"}).is_success


def test_a_redirect_to_the_same_origin_keeps_the_backend_of_the_request(origin):
    response = Client(follow_redirects=True).get(
        "http://shop.example/?status=302&location=/end", extensions={"fastly_backend": "origin"}
    )

    assert response.json()["path"] == "/end"
    assert [seen["headers"]["host"] for seen in origin.seen] == ["shop.example"] * 2


def test_a_redirect_elsewhere_goes_to_the_backend_of_its_url(origin, elsewhere):
    response = Client(follow_redirects=True).get(
        f"http://shop.example/?status=302&location={elsewhere.url}/end",
        extensions={"fastly_backend": "origin"},
    )

    assert response.json()["path"] == "/end"
    assert (len(origin.seen), len(elsewhere.seen)) == (1, 1)


@pytest.mark.usefixtures("_policy")
def test_the_policy_applies_to_requests_and_redirects(origin, elsewhere):
    allow_dynamic_backends(hosts=["127.0.0.1"])
    client = Client(follow_redirects=True)

    assert client.get(origin.url).is_success
    with pytest.raises(httpx.ConnectError) as caught:
        client.get(f"{origin.url}/?status=302&location=http://other.example/")
    assert isinstance(caught.value.__cause__, BackendNotAllowed)
    assert caught.value.request.url == "http://other.example/"


@pytest.mark.usefixtures("_policy")
def test_the_policy_may_name_a_backend(origin):
    enforce_explicit_backends("origin")

    assert Client().get("http://shop.example/x").json()["path"] == "/x"
    with pytest.raises(ValueError, match="timeout= cannot be used with the backend 'origin'"):
        Client(timeout=2).get("http://shop.example/x")


def test_an_unknown_backend_is_a_connect_error():
    with pytest.raises(httpx.ConnectError, match="'nowhere'") as caught:
        Client(backend="nowhere").get("http://a.example/")

    assert isinstance(caught.value.__cause__, BackendNotFound)


@pytest.mark.parametrize("backend", [1, b"origin"])
def test_anything_else_is_not_a_backend(origin, backend):
    with pytest.raises(TypeError, match="backend must be"):
        Transport(backend)
    with pytest.raises(TypeError, match="backend must be"):
        Client().get(origin.url, extensions={"fastly_backend": backend})


def test_a_response_is_httpxs(origin):
    query = "status=404&set-cookie=a=1&set-cookie=b=2&x-latin=\xe9"
    client = Client()
    response = client.get(f"{origin.url}/?{query}")

    assert (response.status_code, response.reason_phrase) == (404, "Not Found")
    assert response.http_version == "HTTP/1.1"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert dict(client.cookies) == {"a": "1", "b": "2"}
    assert response.request.url == f"{origin.url}/?{query}"
    assert response.elapsed.total_seconds() > 0
    assert "network_stream" not in response.extensions


def test_compressed_bodies_are_decoded_by_httpx(origin):
    response = Client().get(f"{origin.url}/gzip")

    assert response.content == b"unpacked"
    assert response.headers["content-encoding"] == "gzip"


BODIES = {
    "bytes": ({"content": b"bytes"}, b"bytes", "5"),
    "text": ({"content": "t\xe9xt"}, "t\xe9xt".encode(), "5"),
    "form": ({"data": {"a": "b c"}}, b"a=b+c", "5"),
    "json": ({"json": [1]}, b"[1]", "3"),
    "file": ({"content": io.BytesIO(b"a file")}, b"a file", "6"),
    "pieces": ({"content": [b"one ", b"", b"two"]}, b"one two", None),
    "nothing": ({}, b"", "0"),
}


@pytest.mark.parametrize("kind", list(BODIES))
@pytest.mark.parametrize("backend", [None, "origin"])
def test_every_kind_of_body_arrives_whole_and_framed(origin, kind, backend):
    keywords, body, length = BODIES[kind]
    if kind == "file":
        keywords["content"].seek(0)
    response = Client(backend=backend).post(origin.url, **keywords)

    seen = response.json()
    assert seen["body"] == body.decode("latin-1")
    assert seen["headers"].get("transfer-encoding") == (None if length else "chunked")
    if kind == "nothing":
        length = seen["headers"].get("content-length", "0")
    assert seen["headers"].get("content-length", length) == length


def test_a_generator_is_sent_as_it_is_read(origin):
    response = Client().put(origin.url, content=(b"%d," % n for n in range(1000)))

    assert response.json()["body"] == "".join(f"{n}," for n in range(1000))


def test_files_are_sent_as_multipart_with_their_length(origin):
    response = Client().post(origin.url, files={"f": ("a.txt", io.BytesIO(b"content"))})

    seen = response.json()
    assert int(seen["headers"]["content-length"]) == len(seen["body"])
    assert "content" in seen["body"]


@pytest.mark.parametrize(
    ("content", "length", "message"),
    [
        (b"12345", "4", "Too much data for declared Content-Length of 4 bytes"),
        (b"123", "4", "Too little data"),
        ([b"12", b"345"], "4", "Too much data"),
        ([b"12", b"3"], "4", "Too little data"),
        (b"1234", "four", "bad Content-Length: 'four'"),
        (b"1234", "-4", "bad Content-Length"),
    ],
)
def test_a_body_has_the_length_that_is_declared(origin, content, length, message):
    with pytest.raises(httpx.LocalProtocolError, match=message) as caught:
        Client().post(origin.url, content=content, headers={"Content-Length": length})

    assert caught.value.request.url == origin.url


def test_a_stream_may_declare_its_length(origin):
    response = Client().post(
        origin.url, content=iter([b"12", b"34"]), headers={"Content-Length": "4"}
    )

    seen = response.json()
    assert (seen["body"], seen["headers"]["content-length"]) == ("1234", "4")
    assert "transfer-encoding" not in seen["headers"]


def test_the_exception_of_a_generator_aborts_the_request(origin):
    def broken():
        yield b"half"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        Client().post(origin.url, content=broken())

    assert Client().get(origin.url).is_success


def test_credentials_of_a_url_are_a_header_and_not_sent_in_it(origin):
    seen = Client().get(origin.url.replace("//", "//user:pass@") + "/x").json()

    assert seen["path"] == "/x"
    assert seen["headers"]["authorization"] == "Basic dXNlcjpwYXNz"


def test_connections_are_the_hosts(origin):
    assert Client().get(origin.url).json()["headers"].get("connection") != "close"


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("ftp://a.example/", httpx.UnsupportedProtocol, "unsupported protocol 'ftp://'"),
        ("/path", httpx.UnsupportedProtocol, "missing an 'http://' or 'https://' protocol"),
        ("http://a!b/", httpx.LocalProtocolError, "host"),
    ],
)
def test_a_url_that_cannot_be_sent_to_is_refused(url, kind, message):
    with pytest.raises(kind, match=message) as caught:
        Client().get(url)

    assert caught.value.request.method == "GET"


@pytest.mark.parametrize("headers", [{"x": "a\nb"}, {"a b": "c"}, [("Host", "a"), ("Host", "b")]])
def test_headers_that_cannot_be_sent_are_refused(origin, headers):
    with pytest.raises(httpx.LocalProtocolError):
        Client().get(origin.url, headers=headers)

    assert origin.seen == []


@pytest.mark.parametrize("name", ["sni_hostname", "target", "trace"])
def test_extensions_of_httpxs_own_transport_are_refused(origin, name):
    with pytest.raises(NotImplementedError, match=f"the extension '{name}' is not supported: "):
        Client().get(origin.url, extensions={name: b"x"})

    assert origin.seen == []


def test_a_response_may_be_cached_unless_it_is_said_otherwise(origin):
    url = f"{origin.url}/?cache-control=max-age=60"
    url = url.replace("/?", "/cached?")
    passing = CacheOptions(pass_through=True)
    Client(cache=passing).get(url)
    Client().get(url, extensions={"fastly_cache": passing})

    assert len(origin.seen) == 2


@pytest.mark.parametrize("cache", [True, "no", 60])
def test_cache_options_are_cache_options(origin, cache):
    with pytest.raises(TypeError, match="must be CacheOptions, not"):
        Client(cache=cache)
    with pytest.raises(TypeError, match="must be CacheOptions, not"):
        Client().get(origin.url, extensions={"fastly_cache": cache})


def test_responses_are_streamed_raw_and_decoded(origin):
    client = Client()
    with client.stream("GET", f"{origin.url}/large") as response:
        assert sum(len(piece) for piece in response.iter_raw(1000)) == 1_000_000
    with client.stream("GET", f"{origin.url}/gzip") as response:
        assert b"".join(response.iter_raw())[:2] == b"\x1f\x8b"
    with client.stream("GET", f"{origin.url}/gzip") as response:
        assert b"".join(response.iter_bytes()) == b"unpacked"


def test_a_response_that_is_closed_early_cannot_be_read(origin):
    with Client().stream("GET", f"{origin.url}/large") as response:
        next(response.iter_raw(10))

    assert response.is_closed
    with pytest.raises(httpx.StreamConsumed):
        response.read()


def test_a_transport_says_where_it_sends_to():
    assert repr(Transport("api")) == "<Transport to api>"
    assert repr(Transport()) == "<Transport to the backend of each URL>"
