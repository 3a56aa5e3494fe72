"""Requests sent to an origin: their bytes, and which are refused before."""

import threading
from collections.abc import Iterator

import pytest

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport import (
    OriginRequest,
)

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_only_host_is_added_to_a_request(serve, origins, rest):
    server = serve.answering(OK)

    response = origins.send(
        BackendConfig(url=server.url),
        OriginRequest(
            path_and_query="/a?b=c", headers=[("X-Case", b"1"), ("x-case", b" \xff"[1:])]
        ),
    )

    assert rest(response) == b"ok"
    host = f"127.0.0.1:{server.port}".encode()
    assert bytes(server.first.seen) == (
        b"GET /a?b=c HTTP/1.1\r\nHost: " + host + b"\r\nX-Case: 1\r\nx-case: \xff\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("override", "header", "authority", "sent"),
    [
        ("override.example", b"header.example", "uri.example", b"override.example"),
        (None, b"header.example", "uri.example", b"header.example"),
        (None, None, "uri.example:81", b"uri.example:81"),
    ],
)
def test_the_host_header_is_the_first_of_override_header_and_uri(
    serve, origins, override, header, authority, sent
):
    server = serve.answering(OK)

    origins.send(
        BackendConfig(url=server.url, override_host=override),
        OriginRequest(authority=authority, headers=[("hOsT", header)] if header else []),
    )

    lines = bytes(server.first.seen).split(b"\r\n")
    hosts = [line.partition(b": ")[2] for line in lines if line.lower().startswith(b"host:")]
    assert hosts == [sent]


def test_the_host_header_omits_the_default_port():
    assert BackendConfig(url="http://h:80").authority == "h"
    assert BackendConfig(url="https://h:443").authority == "h"
    assert BackendConfig(url="http://h:443").authority == "h:443"
    assert BackendConfig(url="http://[::1]").authority == "[::1]"


@pytest.mark.parametrize(
    ("prefix", "target", "sent"),
    [
        ("", "/x", b"GET /x "),
        ("/", "/x", b"GET /x "),
        ("/v1", "/x?q", b"GET /v1/x?q "),
        ("/v1/", "/", b"GET /v1/ "),
        ("/v1", "*", b"GET * "),
    ],
)
def test_the_path_of_the_url_is_prepended(serve, origins, prefix, target, sent):
    server = serve.answering(OK)

    origins.send(BackendConfig(url=server.url + prefix), OriginRequest(path_and_query=target))

    assert bytes(server.first.seen).startswith(sent)


def test_bytes_are_sent_with_their_length(serve, origins):
    server = serve(lambda peer: (peer.until(b"hello"), peer.send(OK), peer.drain()))

    origins.send(BackendConfig(url=server.url), OriginRequest(method="PUT", body=b"hello"))

    assert b"\r\nContent-Length: 5\r\n\r\nhello" in server.first.seen


def test_an_empty_body_has_a_length_if_the_method_expects_one(serve, origins):
    server = serve.answering(OK)

    origins.send(BackendConfig(url=server.url), OriginRequest(method="POST"))

    assert b"\r\nContent-Length: 0\r\n\r\n" in server.first.seen


def test_an_iterable_is_sent_in_chunks(serve, origins):
    server = serve(lambda peer: (peer.until(b"0\r\n\r\n"), peer.send(OK), peer.drain()))

    origins.send(
        BackendConfig(url=server.url), OriginRequest(method="POST", body=iter([b"ab", b"", b"c"]))
    )

    assert bytes(server.first.seen).endswith(
        b"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )


def test_an_iterable_with_a_length_is_not_chunked(serve, origins):
    server = serve(lambda peer: (peer.until(b"abc"), peer.send(OK), peer.drain()))

    origins.send(
        BackendConfig(url=server.url),
        OriginRequest(method="POST", headers=[("content-length", b"3")], body=iter([b"ab", b"c"])),
    )

    assert bytes(server.first.seen).endswith(b"\r\ncontent-length: 3\r\n\r\nabc")


def test_a_request_body_is_streamed(serve, origins, rest):
    arrived = threading.Event()

    def script(peer):
        peer.until(b"first")
        arrived.set()
        peer.until(b"0\r\n\r\n")
        peer.send(OK)

    def body() -> Iterator[bytes]:
        yield b"first"
        assert arrived.wait(LONG)
        yield b"second"

    server = serve(script)

    response = origins.send(
        BackendConfig(url=server.url), OriginRequest(method="POST", body=body())
    )

    assert rest(response) == b"ok"
    assert b"second" in server.first.seen


def test_an_exception_from_the_request_body_is_raised_and_closes_the_connection(serve, origins):
    server = serve(lambda peer: peer.drain())
    error = ConnectionResetError("of the body, not of the connection")

    def body() -> Iterator[bytes]:
        yield b"first"
        raise error

    with pytest.raises(ConnectionResetError) as caught:
        origins.send(BackendConfig(url=server.url), OriginRequest(method="POST", body=body()))

    assert caught.value is error
    assert server.first.done.wait(LONG)
    assert server.first.seen.endswith(b"5\r\nfirst\r\n")


def test_a_response_before_the_end_of_the_request_body_is_accepted(serve, origins):
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    server = serve(script)

    def body() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    response = origins.send(
        BackendConfig(url=server.url), OriginRequest(method="POST", body=body())
    )

    assert response.status == 413


def test_proxies_from_the_environment_are_not_used(serve, origins, monkeypatch):
    server = serve.answering(OK)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert origins.send(BackendConfig(url=server.url), OriginRequest()).status == 200


@pytest.mark.parametrize(
    ("request_", "detail"),
    [
        ({"path_and_query": "x"}, "http-request-uri-invalid"),
        ({"path_and_query": "/a b"}, "http-request-uri-invalid"),
        ({"path_and_query": "/é"}, "http-request-uri-invalid"),
        ({"method": "G T"}, "http-protocol-error"),
        ({"method": "GÉT"}, "http-protocol-error"),
        ({"headers": [("a b", b"1")]}, "http-protocol-error"),
        ({"headers": [("a", b"1\r\nb: 2")]}, "http-protocol-error"),
        ({"headers": [("host", b"a"), ("host", b"b")]}, "http-protocol-error"),
        ({"headers": [("content-length", b"1")], "body": b"ab"}, "http-protocol-error"),
        ({"headers": [("content-length", b"3")], "body": b"ab"}, "http-protocol-error"),
        (
            {
                "headers": [("content-length", b"2"), ("transfer-encoding", b"chunked")],
                "body": b"ab",
            },
            "http-protocol-error",
        ),
    ],
)
def test_a_request_that_is_not_http_is_refused(serve, failure, request_, detail):
    server = serve(lambda peer: peer.drain())

    refused = failure(BackendConfig(url=server.url), **request_)

    assert (refused.detail, refused.error) == (detail, "http-user")


def test_a_grpc_backend_is_refused(origins, failure):
    refused = failure(BackendConfig(url="http://127.0.0.1:1", grpc=True))

    assert refused.detail == "http-protocol-error"
    assert "the local host does not support HTTP/2 to origins yet" in refused.message
