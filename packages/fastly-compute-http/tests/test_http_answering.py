"""Responses that are sent before the handler returns."""

import pytest

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    HttpError,
    IncomingRequest,
    InvalidStatus,
    Request,
    Response,
    ResponseSent,
    Reuse,
)


def test_a_handler_continues_after_its_response(ask, origin, origin_server):
    seen = []

    def handle(request: IncomingRequest) -> ResponseSent:
        seen.append(request.answered)
        answered = request.respond(Response.text("thank you", status=202))
        seen.append(request.answered)
        Request("POST", f"{origin}/audit", body=request.body).send("origin")
        return answered

    answer = ask(handle, method="POST", body=b"order")

    assert (answer.status, bytes(answer.body), answer.complete) == (202, b"thank you", True)
    assert seen == [False, True]
    assert origin_server.hits["/audit"] == 1


def test_a_response_is_written_step_by_step(ask, origin):
    def handle(request: IncomingRequest) -> ResponseSent:
        body, answered = request.respond_streaming(Response(201, {"X-Kind": "log"}, "first, "))
        with body:
            body.write(b"second, ")
            body.append(Request("POST", f"{origin}/echo", body=b"third").send("origin").body)
        return answered

    answer = ask(handle)

    assert (answer.status, bytes(answer.body)) == (201, b"first, second, third")
    assert ("X-Kind", b"log") in answer.headers
    assert answer.complete


def test_an_iterable_is_sent_before_what_is_written(ask):
    def handle(request: IncomingRequest) -> ResponseSent:
        body, answered = request.respond_streaming(Response(body=iter([b"1", b"2"])))
        with body:
            body.write(b"3")
        return answered

    assert bytes(ask(handle).body) == b"123"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_a_response_without_content_has_no_body(ask, method, status):
    def whole(request: IncomingRequest) -> ResponseSent:
        return request.respond(Response(status, body=b"content"))

    def streamed(request: IncomingRequest) -> ResponseSent:
        body, answered = request.respond_streaming(Response(status))
        with body:
            body.write(b"content")
        return answered

    for handle in (whole, streamed):
        answer = ask(handle, method=method)

        assert (answer.status, bytes(answer.body), answer.complete) == (status, b"", True)


def test_an_unfinished_body_is_aborted(ask, capsys):
    def handle(request: IncomingRequest) -> ResponseSent:
        body, answered = request.respond_streaming(Response())
        with body:
            body.write(b"half")
            raise RuntimeError("no more")
        return answered

    answer = ask(handle, on_error=lambda *_: Response.text("sorry"))

    assert (answer.status, answer.complete) == (200, False)
    assert "RuntimeError: no more" in capsys.readouterr().err


@pytest.mark.parametrize("reuse", [None, Reuse()])
def test_a_body_that_is_left_open_is_aborted(ask, reuse):
    def handle(request: IncomingRequest) -> ResponseSent:
        body, answered = request.respond_streaming(Response())
        body.write(b"half")
        return answered

    assert not ask(handle, reuse=reuse).complete


def test_an_exception_after_the_response_is_only_logged(ask, capsys):
    def handle(request: IncomingRequest) -> ResponseSent:
        request.respond(Response.text("fine"))
        raise RuntimeError("too late")

    answer = ask(handle, on_error=lambda *_: Response.text("sorry"))

    assert (answer.status, bytes(answer.body)) == (200, b"fine")
    assert "RuntimeError: too late" in capsys.readouterr().err


@pytest.mark.parametrize(
    "again",
    [
        lambda request: request.respond(Response()),
        lambda request: request.respond_streaming(Response()),
        lambda request: request.respond(Response(body=iter([b"1"]))),
    ],
)
def test_only_one_response_can_be_sent(ask, again):
    told = []

    def handle(request: IncomingRequest) -> ResponseSent:
        answered = request.respond(Response.text("first"))
        with pytest.raises(HttpError, match="was already sent") as raised:
            again(request)
        told.append(raised.value)
        return answered

    assert bytes(ask(handle).body) == b"first"
    assert told


def test_a_response_that_cannot_be_sent_leaves_the_request_unanswered(ask):
    def handle(request: IncomingRequest) -> Response:
        for begin in (request.respond, request.respond_streaming):
            with pytest.raises(InvalidStatus, match="200 to 599, not 103"):
                begin(Response(103))
        used = Response(body="once")
        used.body.read()
        with pytest.raises(HandleClosed):
            request.respond(used)
        return Response.json(request.answered)

    assert bytes(ask(handle).body) == b"false"
