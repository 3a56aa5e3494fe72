"""The environ, compared with the one of `wsgiref.simple_server`."""

import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.http import IncomingRequest
from fastly_compute.local import Host, NativeApp, Server
from fastly_compute.wsgi import WsgiHttpIncoming

Address = tuple[str, int]

# Keys that identify the server or come from the process's environment.
OTHERS = {"GATEWAY_INTERFACE", "REMOTE_HOST", "SERVER_NAME", "SERVER_PORT", "SERVER_SOFTWARE"}


def tell(environ, start_response):
    """Respond with the CGI and HTTP keys of the request's environ."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    told = {
        key: value
        for key, value in environ.items()
        if key not in OTHERS
        and (key.startswith(("HTTP_", "REMOTE_", "SERVER_", "CONTENT_")) or key in CGI)
    }
    told["body"] = body.decode("latin-1")
    content = json.dumps(told).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [content]


CGI = {"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "wsgi.url_scheme"}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def reference() -> Iterator[Address]:
    server = make_server("127.0.0.1", 0, tell, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def ours() -> Iterator[Address]:
    service = WsgiHttpIncoming(validator(tell))
    with (
        Host(output=lambda line: None) as host,
        Server(host, NativeApp(service), ("127.0.0.1", 0)) as server,
    ):
        yield server.address


def told(address: Address, raw: bytes) -> dict[str, str]:
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(raw)
        received = b""
        while part := client.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"200" in head.partition(b"\r\n")[0], received
    if b"transfer-encoding: chunked" in head.lower():
        whole = b""
        while size := int(body.partition(b"\r\n")[0], 16):
            rest = body.partition(b"\r\n")[2]
            whole, body = whole + rest[:size], rest[size + 2 :]
        body = whole
    return json.loads(body)


def raw_request(method: str, target: str, fields: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: shop.example:8080", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields]
    lines += ["Content-Type: text/x-test", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


CHARACTERS = "abcXYZ019-._~!$&'()*+,;=:@"
segments = st.lists(
    st.text(CHARACTERS, min_size=1, max_size=3)
    | st.integers(0, 255).map(lambda byte: f"%{byte:02x}")
    | st.integers(0, 255).map(lambda byte: f"%{byte:02X}"),
    max_size=4,
).map("".join)
# http.server takes "//" at the beginning for "/".
paths = st.lists(segments, max_size=4).map("/".join).filter(lambda path: path[:1] != "/")
queries = st.none() | st.text(f"{CHARACTERS}/?%", max_size=12)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=12).filter(
    lambda value: not any(0x7F <= ord(character) <= 0xA0 for character in value)
)
names = st.text("abcXYZ019-", min_size=1, max_size=6).map(lambda name: f"X-{name}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    path=paths,
    query=queries,
    fields=st.lists(st.tuples(names, values), max_size=5),
    body=st.binary(max_size=20),
)
def test_the_environ_equals_the_one_of_the_standard_library(
    reference, ours, method, path, query, fields, body
) -> None:
    target = f"/{path}" + ("" if query is None else f"?{query}")
    raw = raw_request(method, target, fields, body)

    assert told(ours, raw) == told(reference, raw)


# Cases that the standard library's server lacks, or gets wrong


@pytest.fixture
def environ(ask):
    def environ(**incoming) -> dict[str, object]:
        seen: dict[str, object] = {}

        def app(environ, start_response):
            seen.update(environ)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]

        assert ask(app, **incoming).body == b"ok"
        return seen

    return environ


def test_the_environ_has_the_wsgi_keys(environ):
    seen = environ()

    assert seen["wsgi.version"] == (1, 0)
    assert (seen["wsgi.multithread"], seen["wsgi.multiprocess"]) == (False, True)
    assert seen["wsgi.run_once"] is True
    assert seen["wsgi.input_terminated"] is True
    assert isinstance(seen["fastly.request"], IncomingRequest)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://shop.example/", ("http", "shop.example", "80")),
        ("https://shop.example/", ("https", "shop.example", "443")),
        ("https://shop.example:8443/", ("https", "shop.example", "8443")),
        ("http://[::1]/", ("http", "[::1]", "80")),
        ("http://[::1]:7676/", ("http", "[::1]", "7676")),
        ("http://shop.example:/", ("http", "shop.example", "80")),
    ],
)
def test_the_server_is_taken_from_the_url(environ, uri, expected):
    seen = environ(uri=uri)

    assert (seen["wsgi.url_scheme"], seen["SERVER_NAME"], seen["SERVER_PORT"]) == expected


@pytest.mark.parametrize(
    ("uri", "path", "query"),
    [
        ("http://a", "/", ""),
        ("http://a?x=/y", "/", "x=/y"),
        ("http://a/?", "/", ""),
        ("http://a//b//", "//b//", ""),
        ("http://a/b%2Fc%20d?e=%20?", "/b/c d", "e=%20?"),
        ("http://a/caf%C3%A9", "/caf\xc3\xa9", ""),
        ("http://a/café", "/caf\xc3\xa9", ""),
        ("http://a/%e9%", "/\xe9%", ""),
    ],
)
def test_the_path_is_unquoted_bytes_as_latin_1(environ, uri, path, query):
    seen = environ(uri=uri)

    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"], seen["QUERY_STRING"]) == ("", path, query)


def test_repeated_fields_are_joined_with_commas_and_cookies_with_semicolons(environ):
    fields = [("Cookie", b"a=1"), ("X-Many", b"1"), ("cookie", b"b=2"), ("x-many", b"2,3")]
    seen = environ(headers=fields)

    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["HTTP_X_MANY"] == "1,2,3"


def test_a_proxy_header_is_not_the_proxy_of_outgoing_requests(environ):
    seen = environ(headers=[("Proxy", b"http://evil.example"), ("pRoXy", b"http://evil.example")])

    assert "HTTP_PROXY" not in seen
    assert seen["fastly.request"].headers["proxy"] == "http://evil.example, http://evil.example"


def test_an_underscore_is_not_taken_for_a_hyphen(environ):
    fields = [("X_User", b"forged"), ("X-User", b"real"), ("Content_Length", b"3")]
    seen = environ(headers=fields)

    assert seen["HTTP_X_USER"] == "real"
    assert "CONTENT_LENGTH" not in seen
    assert not any(value == "forged" for value in seen.values())


def test_content_type_and_length_have_no_prefix(environ):
    fields = [("content-type", b"text/csv"), ("CONTENT-LENGTH", b"3")]
    seen = environ(headers=fields, method="POST", body=b"a,b")

    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("text/csv", "3")
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & seen.keys()


def test_chunked_framing_is_removed_from_headers_and_body(environ):
    seen = environ(headers=[("Transfer-Encoding", b"chunked")], method="POST", body=b"abc")

    assert "HTTP_TRANSFER_ENCODING" not in seen


def test_the_host_of_an_http_2_request_is_taken_from_the_url(environ):
    seen = environ(uri="https://shop.example/", version="HTTP/2")

    assert (seen["SERVER_PROTOCOL"], seen["HTTP_HOST"]) == ("HTTP/2", "shop.example")


def test_a_client_that_the_host_does_not_know_has_no_address(environ):
    assert environ(client=("192.0.2.7", 1234))["REMOTE_ADDR"] == "192.0.2.7"
    assert environ(client=("2001:db8::7", 1234))["REMOTE_ADDR"] == "2001:db8::7"
    assert "REMOTE_ADDR" not in environ(client=None)


def test_errors_are_written_to_standard_error(ask):
    def app(environ, start_response):
        errors = environ["wsgi.errors"]
        errors.write("one\n")
        errors.writelines(["two\n"])
        errors.flush()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    assert ask(app).log == "one\ntwo"


# wsgi.input


class Arriving:
    """A body that arrives in small pieces, and must not be read again after its end."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = [*pieces, b""]

    def read_chunk(self) -> bytes:
        return self.pieces.pop(0)

    def close(self) -> None:
        pass


TEXT = b"one\ntwo\n\nlast line"
READ = {
    "read()": lambda stream: [stream.read(), stream.read(), stream.read(1)],
    "read(-1)": lambda stream: [stream.read(-1), stream.read(-1)],
    "read(None)": lambda stream: [stream.read(None)],
    "read(5)": lambda stream: [stream.read(5) for _ in range(6)],
    "read(0)": lambda stream: [stream.read(0), stream.read(1)],
    "readline()": lambda stream: [stream.readline() for _ in range(6)],
    "readline(2)": lambda stream: [stream.readline(2) for _ in range(14)],
    "readlines()": lambda stream: [*stream.readlines(), *stream.readlines()],
    "readlines(4)": lambda stream: [*stream.readlines(4), b"|", *stream.readlines(1), b"|"],
    "iteration": lambda stream: [*stream, *stream],
    "mixed": lambda stream: [stream.read(2), stream.readline(), next(iter(stream), b"")],
}


@pytest.mark.parametrize("how", READ)
@pytest.mark.parametrize(
    "pieces", [(TEXT,), tuple(bytes([byte]) for byte in TEXT), ()], ids=["whole", "bytes", "none"]
)
def test_the_input_reads_like_a_file_and_ends(ask, how, pieces):
    results: list[list[bytes]] = []

    def app(environ, start_response):
        results.append(READ[how](environ["wsgi.input"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    asked = ask(app, valid=False, method="POST", body=Arriving(*pieces))

    assert asked.body == b"ok"
    assert results == [READ[how](io.BufferedReader(io.BytesIO(b"".join(pieces))))]


def test_a_chunked_body_ends_without_a_length():
    def app(environ, start_response):
        assert "CONTENT_LENGTH" not in environ
        body = environ["wsgi.input"].read(1000)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return [body]

    raw = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with (
        Host(output=print) as host,
        Server(host, NativeApp(WsgiHttpIncoming(validator(app))), ("127.0.0.1", 0)) as server,
        socket.create_connection(server.address, timeout=20) as client,
    ):
        client.sendall(raw + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        received = b""
        while part := client.recv(65536):
            received += part

    assert received.endswith(b"\r\n\r\nabcde")


def test_a_body_that_is_not_read_costs_nothing(ask):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    assert "http-body.read" not in ask(app, method="POST", body=b"x" * 100_000).calls


def test_a_large_body_is_read_in_few_calls(ask):
    def app(environ, start_response):
        stream = environ["wsgi.input"]
        size = 0
        while part := stream.read(64 * 1024):
            size += len(part)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(size).encode()]

    asked = ask(app, method="POST", body=b"x" * 1_000_000)

    assert asked.body == b"1000000"
    assert asked.calls.count("http-body.read") < 20


def test_wsgiref_is_not_imported_in_the_guest():
    code = "import sys, fastly_compute.wsgi; print('wsgiref' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "False\n"


def test_the_environ_has_the_incoming_request(ask):
    def app(environ, start_response):
        request = environ["fastly.request"]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{request.method} {request.path} {request.client_address}".encode()]

    asked = ask(app, uri="http://a/b%20c", method="PUT")

    assert asked.body == b"PUT /b%20c 127.0.0.1"
