"""The numbers of host calls that the README states."""

from collections.abc import Iterator

import pytest

from fastly_compute.http import (
    Body,
    CacheOptions,
    IncomingRequest,
    InvalidHeader,
    Request,
    Response,
    ResponseSent,
    Reuse,
    select,
    service,
)
from fastly_compute.local import Incoming, NativeApp

ONE_HEADER = {"X-A": "1"}
PIECE = 512 * 1024


@pytest.fixture
def count(calls):
    """Count the host calls that a function makes."""

    def count(work) -> int:
        calls.clear()
        work()
        return len(calls)

    return count


# Sending: without any other headers, Host is the only one.


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 7),
        ({"headers": ONE_HEADER}, 8),
        ({"body": b"x"}, 8),
        ({"body": b"x" * PIECE}, 8),
        ({"body": b"x" * (PIECE + 1)}, 9),
        ({"cache": CacheOptions(ttl=1)}, 8),
        ({"decompress_gzip": True}, 8),
        ({"manual_framing": True}, 8),
    ],
)
def test_sending(origin, count, options, expected):
    request = Request("POST", f"{origin}/x", **options)

    assert count(lambda: request.send("origin")) == expected
    pending = []
    assert count(lambda: pending.append(request.send_async("origin"))) == expected
    pending += [request.send_async("origin") for _ in range(2)]
    assert count(pending[0].wait) == 1
    assert count(lambda: pending[1].wait(30)) == 2
    assert count(lambda: select(pending[2:])) == 1


@pytest.mark.usefixtures("sandbox")
def test_hooks_of_the_cache(origin, count):
    def ask() -> Response:
        options = CacheOptions(after_send=lambda candidate: None)
        return Request("GET", f"{origin}/cached", cache=options).send("origin")

    assert count(ask) == 7 + 25
    assert count(ask) == 7 + 5


@pytest.mark.usefixtures("sandbox")
def test_passing_a_received_body_on(origin, count):
    received = Request("POST", f"{origin}/echo", body=b"x").send("origin").body

    assert count(lambda: Request("POST", f"{origin}/echo", body=received).send("origin")) == 6


@pytest.mark.usefixtures("sandbox")
def test_a_streamed_upload(origin, count):
    received = Request("POST", f"{origin}/echo", body=b"x").send("origin").body
    opened = []
    request = Request("POST", f"{origin}/x")

    assert count(lambda: opened.extend(request.send_streaming("origin"))) == 7
    body, pending = opened
    assert count(lambda: body.write(b"x")) == 1
    assert count(lambda: body.append(received)) == 1
    assert count(body.finish) == 1
    assert count(pending.wait) == 1


@pytest.mark.usefixtures("sandbox")
def test_reading_a_response(origin, count):
    response = Request("GET", f"{origin}/404").send("origin")
    large = Request("POST", f"{origin}/echo", body=b"x" * 100_000).send("origin")

    assert count(lambda: (response.status, response.status)) == 1
    assert count(lambda: (response.headers, response.headers)) == 1 + len(response.headers)
    assert count(response.body.read) == 2
    assert count(lambda: response.body.trailers) == 1
    assert 3 <= count(large.body.read) <= 6


# Responding


def handed_off(request: IncomingRequest) -> ResponseSent:
    return request.handoff_fanout("origin")


def writing(request: IncomingRequest) -> ResponseSent:
    body, answered = request.respond_streaming(Response())
    with body:
        body.write(b"1")
        body.write(b"2")
    return answered


def hinting(request: IncomingRequest) -> Response:
    request.send_early_hints([("Link", "</a>"), ("Link", "</b>")])
    return Response.text("x")


def reading(request: IncomingRequest) -> Response:
    for _ in range(2):
        _ = request.url, request.scheme, request.host, request.path, request.query_string
        _ = request.client_address, request.request_id
    return Response.text("x")


def asking(request: IncomingRequest) -> Response:
    _ = request.tls, request.bot, request.vpn_proxy
    return Response.text("x")


def streaming(_: IncomingRequest) -> Iterator[bytes]:
    yield b"1"
    yield b""
    yield b"2"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (lambda _: Response.text("x"), 7),
        (lambda _: Response(), 5),
        (reading, 7 + 3),
        (asking, 7 + 24),
        (lambda request: Response.text(str(len(request.headers))), 7 + 1 + 2),
        (streaming, 6 + 2),
        (lambda _: Response(headers=ONE_HEADER, body=iter([b"1"])), 6 + 1 + 1),
        (lambda request: request.respond(Response.text("x")), 7),
        (writing, 6 + 2),
        (hinting, 7 + 4 + 2),
        (handed_off, 3),
    ],
)
def test_answering(ask, count, handler, expected):
    headers = [("X-A", b"1"), ("X-B", b"2")]

    assert count(lambda: ask(handler, headers=headers)) == expected


@pytest.mark.parametrize("send", [Request.send, Request.send_async])
def test_passing_a_response_on(ask, origin, count, send):
    assert count(lambda: ask(lambda _: send(Request("GET", f"{origin}/404"), "origin"))) == 7 + 2


def test_changing_a_response_on_its_way(ask, origin, count):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/404").send("origin")
        names = len(response.headers)
        response.headers["X-New"] = "1"
        response.headers["X-From"] = "2"
        found.append(names)
        return response

    found: list[int] = []

    assert count(lambda: ask(handle)) == 7 + (1 + found[0]) + 2 + 2


@pytest.mark.parametrize(("reuse", "more"), [(Reuse(), 2), (Reuse(max_memory=100), 3)])
def test_serving_another_request(host, count, reuse, more):
    app = NativeApp(service(lambda _: Response.text("x"), reuse=reuse))
    one = count(lambda: host.requests(app, [Incoming()]))
    two = count(lambda: host.requests(app, [Incoming(), Incoming()]))

    assert one == 7 + more
    assert two - one == 7 + more


@pytest.mark.usefixtures("sandbox")
def test_a_body_in_memory_that_is_appended_takes_more(origin, count):
    body, pending = Request("POST", f"{origin}/x").send_streaming("origin")

    assert count(lambda: body.append(Body(b"x"))) == 3
    body.finish()
    pending.wait()


@pytest.mark.usefixtures("sandbox")
def test_one_header_is_one_call(origin, count):
    response = Request("GET", f"{origin}/404").send("origin")

    assert count(lambda: response.header_values("Content-Length")) == 1
    assert response.header_values("x-none") == []
    assert response.header_values("Content-Length") == response.headers.get_all("content-length")
    assert count(lambda: response.header_values("Content-Length")) == 0


def test_the_name_of_one_header_is_checked():
    with pytest.raises(InvalidHeader):
        Response().header_values("a b")
