import json
from collections.abc import Iterator

import pytest

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    BodyNotRead,
    BodyTooLarge,
    Headers,
    IncomingRequest,
    InvalidForm,
    Response,
)
from fastly_compute.local import Host
from fastly_compute.local.interfaces.http_downstream import client_request


def test_a_handler_sees_the_request(ask):
    got = {}

    def handle(request: IncomingRequest) -> Response:
        for name in ("method", "url", "path", "query_string", "query", "client_address"):
            got[name] = getattr(request, name)
        got["headers"] = request.headers
        got["body"] = request.body.read()
        got["repr"] = repr(request)
        return Response()

    ask(
        handle,
        method="PUT",
        uri="http://site.example/a%20b?x=1&y=%C3%A9&x=&z",
        headers=[("X-Latin", b"caf\xe9"), ("Accept", b"a"), ("accept", b"b")],
        body=b"sent",
        client=("192.0.2.7", 1234),
    )

    assert got == {
        "method": "PUT",
        "url": "http://site.example/a%20b?x=1&y=%C3%A9&x=&z",
        "path": "/a%20b",
        "query_string": "x=1&y=%C3%A9&x=&z",
        "query": {"x": ["1", ""], "y": ["é"], "z": [""]},
        "client_address": "192.0.2.7",
        "headers": Headers([("x-latin", "caf\xe9"), ("accept", "a"), ("accept", "b")]),
        "body": b"sent",
        "repr": "<IncomingRequest PUT http://site.example/a%20b>",
    }


@pytest.mark.parametrize("client", [("2001:db8::1", 1), None])
def test_a_client_address_may_be_ipv6_or_unknown(ask, client):
    answer = ask(lambda request: Response.json(request.client_address), client=client)

    assert json.loads(answer.body) == (client and client[0])


def test_each_request_has_an_identifier(ask):
    answer = ask(lambda request: Response.text(request.request_id))

    assert len(answer.body) == 32


def test_a_long_url_is_read_whole(ask):
    uri = "http://site.example/?" + "q" * 50_000
    answer = ask(lambda request: Response.text(request.url), uri=uri)

    assert answer.body.decode() == uri


def test_only_used_properties_of_a_request_call_the_host(ask, calls):
    ask(lambda _: Response.text("hello"), headers=[("a", b"b")])

    assert calls == [
        "http-req.Request.get_method",
        "http-body.new",
        "http-body.write",
        "http-resp.Response.new",
        "http-resp.Response.set_status",
        "http-resp.Response.append_header",
        "http-resp.send_downstream",
    ]


def test_each_property_of_a_request_is_read_once(ask, calls):
    def handle(request: IncomingRequest) -> Response:
        _ = request.path, request.query, request.url
        _ = request.headers, request.headers
        _ = request.client_address, request.client_address
        _ = request.request_id, request.request_id
        return Response()

    ask(handle, headers=[("a", b"b")], client=None)

    for call in (
        "http-req.Request.get_uri",
        "http-req.Request.get_header_names",
        "http-req.Request.get_header_values",
        "http-downstream.downstream_client_ip_addr",
        "http-downstream.downstream_client_request_id",
    ):
        assert calls.count(call) == 1


def test_a_request_is_closed_after_its_response(ask):
    kept = []
    ask(lambda request: kept.append(request) or Response())

    assert kept[0].closed
    with pytest.raises(HandleClosed, match="this IncomingRequest is closed"):
        _ = kept[0].url
    with pytest.raises(HandleClosed, match="this Body is closed"):
        kept[0].body.read()
    with pytest.raises(HandleClosed, match="this Body is closed"):
        _ = kept[0].body.trailers


@pytest.mark.parametrize("use", [lambda request: None, lambda request: request.body])
def test_the_body_is_released_with_the_request_whether_it_was_used_or_not(use):
    with Host().guest_context() as sandbox:
        resource, pollable = client_request(sandbox.exchange)
        with IncomingRequest._received(resource, pollable) as request:
            use(request)
            assert not pollable.gone

        assert pollable.gone


def test_a_request_cannot_be_created_directly():
    with pytest.raises(TypeError, match="use a handler under"):
        IncomingRequest()


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("http://site.example:8080/a//b?x?y", ("http", "site.example:8080", "/a//b", "x?y")),
        ("https://[2001:db8::1]/", ("https", "[2001:db8::1]", "/", "")),
        ("http://site.example", ("http", "site.example", "", "")),
        ("http://site.example?x=1", ("http", "site.example", "", "x=1")),
        ("http://site.example//other.example/", ("http", "site.example", "//other.example/", "")),
        # A client can put anything into a Host header.
        ("http://[bad/path?x=1", ("http", "[bad", "/path", "x=1")),
        ("http://a:b:c/path", ("http", "a:b:c", "/path", "")),
        ("http:///path", ("http", "", "/path", "")),
    ],
)
def test_any_url_is_split_into_parts(ask, uri, parts):
    answer = ask(
        lambda request: Response.json(
            [request.scheme, request.host, request.path, request.query_string]
        ),
        uri=uri,
    )

    assert tuple(json.loads(answer.body)) == parts


# Reading the body as text, JSON or a form


def sent(ask, read, body: bytes, **incoming: object) -> object:
    got = []

    def handle(request: IncomingRequest) -> Response:
        try:
            got.append(read(request))
        except (ValueError, BodyNotRead) as error:
            got.append(error)
        return Response()

    ask(handle, method="POST", body=body, **incoming)
    return got[0]


def test_a_body_is_read_as_text(ask):
    assert sent(ask, lambda r: r.text(), "café".encode()) == "café"
    assert sent(ask, lambda r: r.text(encoding="latin-1"), b"caf\xe9") == "café"
    assert isinstance(sent(ask, lambda r: r.text(), b"caf\xe9"), UnicodeDecodeError)


def test_a_body_is_read_as_json(ask):
    assert sent(ask, lambda r: r.json(), b'{"a": [1, null]}') == {"a": [1, None]}
    assert isinstance(sent(ask, lambda r: r.json(), b"{"), json.JSONDecodeError)
    assert isinstance(sent(ask, lambda r: r.json(), b""), json.JSONDecodeError)


@pytest.mark.parametrize("content_type", ["", "; charset=utf-8"])
def test_a_body_is_read_as_a_form(ask, content_type):
    kind = b"Application/X-WWW-Form-URLencoded" + content_type.encode()
    form = sent(ask, lambda r: r.form(), b"a=1&b=%C3%A9+x&a=2&c=", headers=[("content-type", kind)])

    assert form == {"a": ["1", "2"], "b": ["é x"], "c": [""]}


def test_a_form_that_is_not_utf_8_is_refused(ask):
    headers = [("content-type", b"application/x-www-form-urlencoded")]

    assert isinstance(sent(ask, lambda r: r.form(), b"a=%ff", headers=headers), ValueError)
    assert isinstance(sent(ask, lambda r: r.form(), b"a=\xff", headers=headers), ValueError)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([], "must be application/x-www-form-urlencoded, not none"),
        ([("content-type", b"multipart/form-data; boundary=x")], "not multipart/form-data"),
    ],
)
def test_a_body_that_is_not_a_form_is_refused_and_not_read(ask, headers, told):
    read = []

    def both(request: IncomingRequest) -> object:
        try:
            return request.form()
        except InvalidForm:
            read.append(request.body.read())
            raise

    error = sent(ask, both, b"a=1", headers=headers)

    assert isinstance(error, InvalidForm)
    assert told in str(error)
    assert read == [b"a=1"]


FORM = [("content-type", b"application/x-www-form-urlencoded")]
READERS = [
    lambda request, limit: request.text(limit=limit),
    lambda request, limit: request.json(limit=limit),
    lambda request, limit: request.form(limit=limit),
]


@pytest.mark.parametrize("read", READERS)
def test_a_body_that_is_too_large_is_refused(ask, read):
    fits = sent(ask, lambda r: read(r, 4), b"1234", headers=FORM)
    error = sent(ask, lambda r: read(r, 4), b"12345", headers=FORM)

    assert fits in ("1234", 1234, {"1234": [""]})
    assert isinstance(error, BodyTooLarge)
    assert str(error) == "the request's body has more than 4 bytes"


def test_no_more_is_read_than_the_limit_allows(ask, calls):
    def read(request: IncomingRequest) -> None:
        try:
            request.text(limit=10)
        finally:
            assert request.body.closed

    assert isinstance(sent(ask, read, b"x" * 1_000_000), BodyTooLarge)
    assert calls.count("http-body.read") == 1


def test_a_limit_below_0_is_refused(ask):
    error = sent(ask, lambda r: r.text(limit=-1), b"x")

    assert str(error) == "limit must be at least 0, not -1"


def test_a_limit_of_0_accepts_an_empty_body(ask):
    assert sent(ask, lambda r: r.text(limit=0), b"") == ""
    assert isinstance(sent(ask, lambda r: r.text(limit=0), b"x"), BodyTooLarge)


def test_a_body_is_read_once(ask):
    error = sent(ask, lambda r: (r.text(), r.text()), b"x")

    assert isinstance(error, HandleClosed)


def test_a_large_read_asks_the_host_for_more_while_it_gets_all_that_it_asks_for(ask, instead):
    sizes = []

    def read(_, body, size):
        sizes.append(size)
        return b"x" * size if len(sizes) < 7 else b""

    instead("http-body.read", read)

    content = sent(ask, lambda r: r.body.read(10**12), b"")
    assert [size // 1024 for size in sizes] == [64, 128, 256, 512, 512, 512, 512]
    assert len(content) == sum(sizes[:-1])


def test_a_small_body_is_read_with_a_small_buffer(ask, instead):
    sizes = []

    def read(function, body, size):
        sizes.append(size)
        return function(body, size)

    instead("http-body.read", read)

    assert sent(ask, lambda r: r.body.read(), b"x" * 60_000) == b"x" * 60_000
    assert set(sizes) == {64 * 1024}


def test_small_reads_take_few_host_calls(ask, instead):
    sizes = []

    def read(function, body, size):
        sizes.append(size)
        return function(body, size)

    instead("http-body.read", read)

    def handle(request):
        first = [request.body.read(10) for _ in range(1000)]
        return b"".join([*first, *request.body.iter_bytes(10)])

    assert sent(ask, handle, b"x" * 20_000) == b"x" * 20_000
    assert len(sizes) < 20


# Early hints


def test_early_hints_are_sent_before_the_response(ask):
    def handle(request: IncomingRequest) -> Response:
        request.send_early_hints([("Link", "</a>; rel=preload"), ("Link", "</b>; rel=preload")])
        request.send_early_hints({"Link": "</c>; rel=preload"})
        return Response.text("there")

    answer = ask(handle)

    assert (answer.status, bytes(answer.body)) == (200, b"there")
    assert answer.early == [
        (103, [("Link", b"</a>; rel=preload"), ("Link", b"</b>; rel=preload")]),
        (103, [("Link", b"</c>; rel=preload")]),
    ]


def test_a_hint_that_cannot_be_sent_is_refused(ask, capsys):
    answer = ask(lambda request: request.send_early_hints({"Link": "a\nb"}))

    assert (answer.status, answer.early) == (500, [])
    assert "InvalidHeader" in capsys.readouterr().err


def test_hints_after_the_response_has_begun_are_an_error(ask, capsys):
    def handle(request: IncomingRequest) -> Iterator[bytes]:
        yield b"begun"
        request.send_early_hints({"Link": "</a>"})

    answer = ask(handle)

    assert (bytes(answer.body), answer.complete, answer.early) == (b"begun", False, [])
    assert "HttpCallFailed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("method", "target", "expected", "path"),
    [
        ("OPTIONS", "*", "site.example:81", "*"),
        ("CONNECT", "other.example:443", "other.example:443", ""),
        ("GET", "//evil.example/x", "site.example:81", "//evil.example/x"),
        ("GET", "http://evil.example//x", "evil.example", "//x"),
    ],
)
def test_a_target_that_is_not_a_url_has_a_scheme_and_a_host(ask, method, target, expected, path):
    def handle(request: IncomingRequest) -> Response:
        return Response.json([request.scheme, request.host, request.path, request.query])

    headers = [("Host", b"site.example:81")]
    answer = ask(handle, method=method, uri=target, headers=headers)

    assert json.loads(answer.body) == ["http", expected, path, {}]
