import pytest
from componentize_py_types import Err
from wit_world.imports.http_body import TrailerError_Error, TrailerError_NotAvailableYet
from wit_world.imports.types import Error_BufferLen, Error_GenericError

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    Body,
    BodyError,
    BodyNotRead,
    Headers,
    InvalidHeader,
    Request,
    Response,
)


def fit(items: list[bytes], size: int, cursor: int) -> tuple[bytes, int | None]:
    """Return one item at a time, as a host with a small buffer does."""
    item = items[cursor] + b"\0"
    if len(item) > size:
        raise Err(TrailerError_Error(Error_BufferLen(len(item))))
    return item, cursor + 1 if cursor + 1 < len(items) else None


@pytest.fixture
def received(origin, instead, sandbox):
    """A host-owned body with trailers, which this host does not have over HTTP/1.1."""
    fields = {"x-sum": [b"caf\xe9"], "x-long": [b"y" * 20_000, b"second"]}

    def names(_function, _body, size, cursor):
        item, following = fit([name.encode() for name in fields], size, cursor)
        return item.decode(), following

    def values(_function, _body, name, size, cursor):
        return fit(fields[name], size, cursor)

    instead("http-body.get_trailer_names", names)
    instead("http-body.get_trailer_values", values)
    return Request("POST", f"{origin}/echo", body=b"content").send("origin").body


TRAILERS = Headers([("x-sum", "caf\xe9"), ("x-long", "y" * 20_000), ("x-long", "second")])


@pytest.mark.parametrize(
    "read",
    [
        Body.read,
        lambda body: list(body.iter_bytes()),
        lambda body: list(body.iter_lines()),
        lambda body: [file := body.file(), file.read()],
        lambda body: body.read(100),
    ],
)
def test_trailers_are_available_after_the_body_was_read(received, read):
    kept = read(received)

    assert kept
    assert received.trailers == TRAILERS
    assert received.trailers is received.trailers


def test_trailers_cannot_be_read_before_the_body(received):
    with pytest.raises(BodyNotRead, match="read it to its end first"):
        _ = received.trailers
    received.read(1)
    with pytest.raises(BodyNotRead):
        _ = received.trailers


@pytest.mark.parametrize("read", [lambda body: None, Body.read])
def test_trailers_are_closed_with_the_body(received, read):
    read(received)
    received.close()

    with pytest.raises(HandleClosed):
        _ = received.trailers


def test_trailers_that_were_read_stay_available(received):
    received.read()
    trailers = received.trailers
    received.close()

    assert received.trailers is trailers


def test_reading_absent_trailers_takes_one_call(origin, sandbox, calls):
    body = Request("POST", f"{origin}/echo", body=b"x").send("origin").body
    body.read()
    calls.clear()

    assert body.trailers == Headers()
    assert calls == ["http-body.get_trailer_names"]


@pytest.mark.parametrize(
    "error", [TrailerError_NotAvailableYet(), TrailerError_Error(Error_GenericError())]
)
def test_trailers_that_the_host_lost_are_an_error(origin, sandbox, instead, error):
    def lost(*_):
        raise Err(error)

    instead("http-body.get_trailer_names", lost)
    body = Request("POST", f"{origin}/echo", body=b"x").send("origin").body
    body.read()

    with pytest.raises(BodyError, match="get-trailer"):
        _ = body.trailers


# Trailers of a body made here


@pytest.mark.parametrize("content", [b"content", [b"con", b"tent"]])
def test_a_response_has_the_trailers_of_its_body(ask, content):
    body = Body(content)
    body.trailers["X-Sum"] = "caf\xe9"
    body.trailers.add("X-Sum", "2")

    answer = ask(lambda _: Response(body=body))

    assert (bytes(answer.body), answer.complete) == (b"content", True)
    assert answer.trailers == [("X-Sum", b"caf\xe9"), ("X-Sum", b"2")]


def test_trailers_can_be_computed_while_the_body_is_produced(ask):
    def handle(_):
        def produce():
            for piece in (b"a", b"bc"):
                lengths.append(len(piece))
                yield piece
            body.trailers["X-Length"] = str(sum(lengths))

        lengths = []
        body = Body(produce())
        return Response(body=body)

    assert ask(handle).trailers == [("X-Length", b"3")]


def test_an_aborted_body_has_no_trailers(ask):
    def produce():
        yield b"half"
        raise RuntimeError

    body = Body(produce())
    body.trailers["X-Sum"] = "1"
    answer = ask(lambda _: Response(body=body))

    assert (answer.complete, answer.trailers) == (False, [])


@pytest.mark.parametrize("content", [b"content", iter([b"content"])])
def test_a_request_has_the_trailers_of_its_body(origin, sandbox, calls, content):
    body = Body(content)
    body.trailers["X-Sum"] = "1"
    Request("POST", f"{origin}/echo", body=body).send("origin")

    assert calls.count("http-body.append_trailer") == 1


def test_a_streamed_request_may_have_trailers(talk, sandbox, instead):
    added = []

    def add(function, body, name, value):
        added.append((name, value))
        return function(body, name, value)

    instead("http-body.append_trailer", add)
    body, pending = Request("POST", "http://a/").send_streaming("talk")
    with body:
        body.add_trailer("X-Sum", "caf\xe9")
    talk.until(b"0\r\n\r\n")
    talk.answer("200 OK")

    assert pending.wait().status == 200
    assert added == [("X-Sum", b"caf\xe9")]


def test_a_trailer_must_be_a_valid_field():
    with pytest.raises(InvalidHeader):
        Body(b"x").trailers["X-Sum"] = "a\nb"


def test_a_body_that_is_passed_on_whole_keeps_its_trailers(origin, sandbox, calls):
    first = Request("POST", f"{origin}/echo", body=b"x").send("origin").body
    calls.clear()
    Request("POST", f"{origin}/echo", body=first).send("origin")

    assert not any("trailer" in call for call in calls)
