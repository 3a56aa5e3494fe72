"""Clients that speak HTTP wrongly, ambiguously or not at all, over raw sockets."""

import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("hostile-clients")

APP = Path(__file__).parent / "hostile_clients"
PATIENCE = 120
GET = b"GET / HTTP/1.1\r\nHost: shop.example\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.example\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
# What a smuggler hides in a body: it must never be served as a request.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: shop.example\r\n\r\n"
LONG = 300_000


@pytest.fixture(params=["native", "wasm"])
def app(servers, request):
    return servers.get(request.param, APP, "clients_app")


@dataclass
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def seen(self):
        return json.loads(self.body)


def answers(app, sent: bytes) -> list[Answer]:
    """Send it, and read until the server closes the connection."""
    host, _, port = urlsplit(app.url).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        left = b"".join(iter(lambda: client.recv(65536), b""))
    found = []
    while left:
        head, _, left = left.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)", head)
        assert length, head
        body, left = left[: int(length[1])], left[int(length[1]) :]
        found.append(Answer(int(head.split()[1]), head, body))
    return found


def framed(framing: bytes, body: bytes = b"0\r\n\r\n") -> bytes:
    return POST + framing + b"\r\n\r\n" + body + HIDDEN


REFUSED = {
    # Framing (RFC 9112, section 6)
    "another coding": (501, framed(b"Transfer-Encoding: xchunked")),
    "an empty coding first": (501, framed(b"Transfer-Encoding: ,chunked")),
    "chunked is not last": (501, framed(b"Transfer-Encoding: chunked, identity")),
    "identity with a length": (501, framed(b"Transfer-Encoding: identity\r\nContent-Length: 5")),
    "chunked twice": (501, framed(b"Transfer-Encoding: chunked, chunked")),
    "chunked in two fields": (501, framed(b"Transfer-Encoding: chunked\r\n" * 2)),
    "gzip, chunked": (501, framed(b"Transfer-Encoding: gzip, chunked")),
    "a quoted coding": (501, framed(b'Transfer-Encoding: "chunked"')),
    "no coding": (501, framed(b"Transfer-Encoding:")),
    "a vertical tab before the coding": (400, framed(b"Transfer-Encoding: \x0bchunked")),
    "a blank before the colon": (400, framed(b"Transfer-Encoding : chunked")),
    "chunks in HTTP/1.0": (
        400,
        framed(b"Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    ),
    "two lengths": (400, framed(b"Content-Length: 2\r\nContent-Length: 3")),
    "two lengths in a list": (400, framed(b"Content-Length: 2, 3")),
    "a negative length": (400, framed(b"Content-Length: -1")),
    "a signed length": (400, framed(b"Content-Length: +5")),
    "a hexadecimal length": (400, framed(b"Content-Length: 0x5")),
    "a length with an underscore": (400, framed(b"Content-Length: 1_0")),
    "a length with a blank": (400, framed(b"Content-Length: 1 0")),
    "an empty length": (400, framed(b"Content-Length:")),
    "half a byte": (400, framed(b"Content-Length: 0.5")),
    "a length in Arabic": (400, framed("Content-Length: \u0665".encode())),
    "a length of a square": (400, framed(b"Content-Length: \xb2")),
    "a length of 26 digits": (400, framed(b"Content-Length: " + b"9" * 26)),
    "a length of 5000 digits": (400, framed(b"Content-Length: " + b"9" * 5000)),
    "a body that is too short": (400, POST + b"Content-Length: 10\r\n\r\nhalf"),
    # Chunks (RFC 9112, section 7.1)
    "no hexadecimal size": (400, CHUNKED + b"zz\r\nhi\r\n0\r\n\r\n" + HIDDEN),
    "a negative size": (400, CHUNKED + b"-1\r\nhi\r\n0\r\n\r\n" + HIDDEN),
    "a size with a prefix": (400, CHUNKED + b"0x2\r\nhi\r\n0\r\n\r\n" + HIDDEN),
    "a size with an underscore": (400, CHUNKED + b"1_0\r\n" + b"h" * 16 + b"\r\n0\r\n\r\n"),
    "a size of 30 digits": (400, CHUNKED + b"f" * 30 + b"\r\nhi\r\n0\r\n\r\n" + HIDDEN),
    "a chunk longer than its size": (400, CHUNKED + b"2\r\nhi, you\r\n0\r\n\r\n" + HIDDEN),
    "a chunk that ends in LF": (400, CHUNKED + b"2\r\nhi\n0\r\n\r\n" + HIDDEN),
    "a size that ends in LF": (400, CHUNKED + b"2\nhi\n0\n\n" + HIDDEN),
    "an extension that ends in LF": (400, CHUNKED + b"2;a\nhi\r\n0\r\n\r\n" + HIDDEN),
    "an extension without end": (400, CHUNKED + b"2;" + b"a" * LONG + b"\r\nhi\r\n0\r\n\r\n"),
    "a trailer that is none": (400, CHUNKED + b"0\r\nX y\r\n\r\n" + HIDDEN),
    "a trailer without end": (400, CHUNKED + b"0\r\nX: " + b"a" * LONG + b"\r\n\r\n"),
    "chunks that end too early": (400, CHUNKED + b"ff\r\nhalf"),
    # Request lines (RFC 9112, section 3)
    "a tunnel": (501, b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n"),
    "another scheme": (400, b"GET ftp://shop.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a script": (400, b"GET javascript:alert(1) HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a URL without a host": (400, b"GET http:///x HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a URL with a user": (400, b"GET http://a@b/x HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a URL with a backslash": (400, b"GET http://a\\@b/x HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a URL with port 99999": (400, b"GET http://a:99999/ HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a relative path": (400, b"GET x HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a path with backslashes": (400, b"GET \\x HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a host and port": (400, b"GET shop.example:80 HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "an asterisk with GET": (400, b"GET * HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a fragment": (400, b"GET /a#b HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a path in latin-1": (400, b"GET /\xff HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a NUL in the path": (400, b"GET /\x00 HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a blank in the path": (400, b"GET /a b HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a tab in the path": (400, b"GET /a\tb HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "two blanks": (400, b"GET  / HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a blank first": (400, b" GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "a method that is no token": (400, b"G(T / HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    "HTTP/0.9": (400, b"GET /\r\n\r\n"),
    "HTTP/1.2": (505, b"GET / HTTP/1.2\r\nHost: shop.example\r\n\r\n"),
    "HTTP/2 in text": (400, b"GET / HTTP/2\r\nHost: shop.example\r\n\r\n"),
    "HTTP/2 with prior knowledge": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "http in lower case": (400, b"GET / http/1.1\r\nHost: shop.example\r\n\r\n"),
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
    # Hosts (RFC 9112, section 3.2)
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "an empty host": (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    "two hosts": (400, GET + b"Host: shop.example\r\n\r\n"),
    "a host with a user": (400, b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    "a host with a blank": (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "a host with a path": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "a host with a backslash": (400, b"GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n"),
    "a host in latin-1": (400, b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n"),
    "a port that is none": (400, b"GET / HTTP/1.1\r\nHost: a:80b\r\n\r\n"),
    "a port above 65535": (400, b"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
    "a port of 5000 digits": (400, b"GET / HTTP/1.1\r\nHost: a:" + b"9" * 5000 + b"\r\n\r\n"),
    "an IPv6 address that is none": (400, b"GET / HTTP/1.1\r\nHost: [:::]\r\n\r\n"),
    "to HEAD": (400, b"HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    # Header fields (RFC 9112, section 5)
    "a folded field first": (400, b"GET / HTTP/1.1\r\n Host: shop.example\r\n\r\n"),
    "a CR in a value": (400, GET + b"X: a\rY: b\r\n\r\n"),
    "two CRs": (400, GET + b"X: a\r\r\n\r\n"),
    "a NUL in a value": (400, GET + b"X: a\x00b\r\n\r\n"),
    "a control character in a value": (400, GET + b"X: a\x01b\r\n\r\n"),
    "a DEL in a value": (400, GET + b"X: a\x7fb\r\n\r\n"),
    "a blank in a name": (400, GET + b"X y: a\r\n\r\n"),
    "no name": (400, GET + b": a\r\n\r\n"),
    "no colon": (400, GET + b"Xabc\r\n\r\n"),
    "a NUL in a name": (400, GET + b"X\x00: a\r\n\r\n"),
    "a name in latin-1": (400, GET + b"X\xff: a\r\n\r\n"),
    "a name in brackets": (400, GET + b"(X): a\r\n\r\n"),
    "a head without end": (431, GET + b"X: " + b"a" * LONG),
    "20,000 fields": (431, GET + b"X: 1234567890\r\n" * 20_000 + b"\r\n"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_request_is_refused_and_the_connection_ends(app, case) -> None:
    expected, sent = REFUSED[case]
    (answer,) = answers(app, sent)

    assert answer.status == expected
    assert b"\r\nconnection: close" in answer.head.lower()


def test_the_server_still_serves_after_them(app) -> None:
    for _, sent in REFUSED.values():
        answers(app, sent[: len(sent) // 2])
    (answer,) = answers(app, GET + b"\r\n")

    assert answer.status == 200


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
    ],
    ids=["length first", "coding first"],
)
def test_of_a_length_and_chunks_the_chunks_count_and_the_connection_ends(app, fields) -> None:
    (answer,) = answers(app, POST + fields + b"2\r\nhi\r\n0\r\n\r\n" + HIDDEN)
    names = [name for name, _ in answer.seen["headers"]]

    assert answer.seen["body"] == "hi"
    assert "transfer-encoding" in names
    assert "content-length" not in names
    assert b"\r\nconnection: close" in answer.head.lower()


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (b"Transfer-Encoding:\tchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "hi"),
        (b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "hi"),
        (b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\n", "hi"),
        (b"Transfer-Encoding: chunked\r\n\r\n0000002\r\nhi\r\n000\r\n\r\n", "hi"),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "hi"),
        (b"Content-Length: 2, 2\r\n\r\nhi", "hi"),
        (b"Content-Length: 002\r\n\r\nhi", "hi"),
        (b"Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi", "hi"),
        (b"\r\n", ""),
    ],
)
def test_where_a_body_ends_is_where_the_next_request_begins(app, fields, body) -> None:
    first, second = answers(app, POST + fields + HIDDEN)

    assert first.seen["body"] == body
    assert second.seen["url"] == "http://shop.example/hidden"


@pytest.mark.parametrize(
    ("head", "host", "path", "url"),
    [
        (GET, "shop.example", "/", "http://shop.example/"),
        (
            b"GET http://other.example:81/x?y HTTP/1.1\r\nHost: shop.example\r\n",
            "other.example:81",
            "/x",
            "http://other.example:81/x?y",
        ),
        (
            b"GET //evil.example/x HTTP/1.1\r\nHost: shop.example\r\n",
            "shop.example",
            "//evil.example/x",
            "http://shop.example//evil.example/x",
        ),
        (b"GET / HTTP/1.0\r\n", "localhost", "/", "http://localhost/"),
        (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n", "[::1]:80", "/", "http://[::1]:80/"),
    ],
    ids=["path", "URL", "two slashes", "HTTP/1.0", "IPv6"],
)
def test_the_url_the_host_header_and_the_environ_agree(app, head, host, path, url) -> None:
    (answer,) = answers(app, head + b"\r\n")
    seen = answer.seen

    assert (seen["url"], seen["host"], seen["path"]) == (url, host, path)
    assert (seen["cgi"]["HTTP_HOST"], seen["cgi"]["PATH_INFO"]) == (host, path)
    assert dict(seen["headers"]).get("host", host) == host


def test_a_folded_value_is_one_value(app) -> None:
    (answer,) = answers(app, GET + b"X: a\r\n b\r\n\r\n")

    assert dict(answer.seen["headers"])["x"] == "a b"


def test_options_for_the_server_itself_has_a_scheme_a_host_and_no_path(app) -> None:
    (answer,) = answers(app, b"OPTIONS * HTTP/1.1\r\nHost: shop.example:81\r\n\r\n")
    seen = answer.seen

    assert (seen["method"], seen["url"]) == ("OPTIONS", "*")
    assert (seen["scheme"], seen["host"], seen["path"]) == ("http", "shop.example:81", "*")
    assert seen["cgi"] == {
        "PATH_INFO": "*",
        "QUERY_STRING": "",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "81",
        "HTTP_HOST": "shop.example:81",
        "wsgi.url_scheme": "http",
    }
