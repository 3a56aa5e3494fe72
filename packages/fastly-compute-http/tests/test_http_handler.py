import io
import sys
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports.types import Error_GenericError

from fastly_compute.http import (
    Body,
    IncomingRequest,
    Request,
    Response,
    ResponseSent,
    Reuse,
    service,
)
from fastly_compute.local import Incoming, NativeApp, RecordedResponse
from fastly_compute.local.runtime.dispatch import RequestQueue
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.server.downstream import ClientGone


def test_a_response_has_its_status_headers_and_body(ask):
    fields = [("X-One", "1"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-L", "caf\xe9")]

    answer = ask(lambda _: Response(418, fields, b"short and stout"))

    assert (answer.status, bytes(answer.body), answer.complete) == (418, b"short and stout", True)
    sent = [(name, value.decode("latin-1")) for name, value in answer.headers]
    assert sent == [*fields, ("content-length", "15")]


def test_service_works_as_a_decorator(host):
    @service
    def incoming(request: IncomingRequest) -> Response:
        return Response.text(request.method)

    assert host.request(NativeApp(incoming)).body == b"GET"
    assert repr(incoming).startswith("<Service ")
    assert "test_service_works_as_a_decorator.<locals>.incoming" in repr(incoming)


def test_a_service_needs_a_function():
    with pytest.raises(TypeError, match=r"service\(\) takes a function, not str"):
        service("handle")


def test_a_response_can_be_sent_to_many_requests(ask):
    constant = Response.text("the same")

    assert ask(lambda _: constant).body == b"the same"
    assert ask(lambda _: constant, method="HEAD").body == b""
    assert ask(lambda _: constant).body == b"the same"


def test_a_long_response_survives_short_writes(ask, limit_writes):
    limit_writes(1000)
    data = bytes(range(256)) * 100

    assert ask(lambda _: Response(body=data)).body == data
    assert ask(lambda _: Response(body=iter([data, data]))).body == data * 2


def test_a_body_is_streamed_piece_by_piece_as_it_is_produced(ask, calls):
    def produce() -> Iterator[bytes]:
        for piece in (b"one", b"two"):
            calls.append(f"produced {piece.decode()}")
            yield piece
        calls.append("end")

    answer = ask(lambda _: Response(body=produce()))

    assert (bytes(answer.body), answer.complete) == (b"onetwo", True)
    assert [call for call in calls if "Re" not in call] == [
        "produced one",
        "http-body.new",
        "http-resp.send_downstream_streaming",
        "http-body.write",
        "produced two",
        "http-body.write",
        "end",
        "http-body.close",
    ]


def test_an_empty_first_piece_sends_the_head_at_once(ask, calls):
    def produce() -> Iterator[bytes]:
        yield b""
        calls.append("next")
        yield b"x"

    ask(lambda _: Response(body=produce()))

    assert calls.index("http-resp.send_downstream_streaming") < calls.index("next")


def test_an_iterable_that_produces_nothing_is_an_empty_response(ask):
    answer = ask(lambda _: Response(201, body=iter([])))

    assert (answer.status, bytes(answer.body), answer.complete) == (201, b"", True)


def test_a_file_is_streamed(ask):
    assert ask(lambda _: Response(body=io.BytesIO(b"x" * 200_000))).body == b"x" * 200_000


def test_an_exception_while_streaming_aborts_the_response(ask, capsys):
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            yield b"half"
            raise RuntimeError("in the middle")
        finally:
            ended.append(True)

    answer = ask(lambda _: Response(body=produce()))

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"half", False)
    assert ended == [True]
    assert "RuntimeError: in the middle" in capsys.readouterr().err


def test_a_piece_that_is_not_bytes_aborts_the_response(ask, capsys):
    answer = ask(lambda _: Response(body=iter([b"a", "b"])))

    assert (bytes(answer.body), answer.complete) == (b"a", False)
    assert "must be bytes, not str" in capsys.readouterr().err


def test_an_exception_before_the_first_piece_is_a_500(ask, capsys):
    def produce() -> Iterator[bytes]:
        raise RuntimeError("at once")
        yield b""

    answer = ask(lambda _: Response(body=produce()))

    assert (answer.status, answer.complete) == (500, True)
    assert "RuntimeError: at once" in capsys.readouterr().err


def test_the_request_can_be_read_while_the_response_is_streamed(ask):
    answer = ask(
        lambda request: Response(body=(piece.upper() for piece in request.body.iter_bytes())),
        method="POST",
        body=b"shout",
    )

    assert (bytes(answer.body), answer.complete) == (b"SHOUT", True)


def failing(_: IncomingRequest) -> Response:
    raise RuntimeError("s3cret")


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (failing, "RuntimeError: s3cret"),
        (lambda _: sys.exit(3), "SystemExit: 3"),
        (lambda _: None, "returned None, not a fastly_compute.http.Response"),
        (lambda _: "text", "returned a str, not a fastly_compute.http.Response"),
        (lambda _: Response(103), "to the client must be 200 to 599, not 103"),
        (lambda _: Response(body=b"x").body.close(), "returned None"),
    ],
)
def test_a_failed_handler_results_in_a_bare_500_and_a_traceback(ask, capsys, handler, told):
    answer = ask(handler)

    assert (answer.status, bytes(answer.body)) == (500, b"Internal Server Error")
    assert ("Content-Type", b"text/plain; charset=utf-8") in answer.headers
    assert told in capsys.readouterr().err


def test_a_response_whose_body_is_used_up_is_a_500(ask, capsys):
    def handle(request: IncomingRequest) -> Response:
        request.body.read()
        return Response(body=request.body)

    assert ask(handle, method="POST", body=b"x").status == 500
    assert "this Body was already read to its end" in capsys.readouterr().err


@pytest.mark.parametrize("body", [b"content", [b"con", b"tent"]])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_no_body_is_written_where_http_forbids_one(ask, calls, method, status, body):
    answer = ask(lambda _: Response(status, body=body), method=method)

    assert (answer.status, bytes(answer.body), answer.complete) == (status, b"", True)
    assert "http-body.write" not in calls


@pytest.mark.parametrize(
    ("make", "length"),
    [
        (lambda: Response.text("größe"), "7"),
        (lambda: Response.json([1]), "3"),
        (lambda: Response(404, body=b"not here"), "8"),
        (lambda: Response(headers={"Content-Length": "1"}, body=b"four"), "4"),
        (lambda: Response(body=b""), None),
        (lambda: Response(body=iter([b"of unknown length"])), None),
        (lambda: Response(204, body=b"none"), None),
        (lambda: Response(304, body=b"none"), None),
    ],
)
def test_the_response_to_head_has_the_length_of_the_one_to_get(ask, make, length):
    answer = ask(lambda _: make(), method="HEAD")

    assert answer.body == b""
    found = [value.decode() for name, value in answer.headers if name.lower() == "content-length"]
    assert found == ([] if length is None else [length])


def test_the_generator_of_a_body_that_is_left_out_is_closed(ask):
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            yield b"never sent"
        finally:
            ended.append(True)

    body = produce()
    next(body)
    ask(lambda _: Response(body=body), method="HEAD")

    assert ended == [True]


def test_reuse_must_be_a_reuse():
    with pytest.raises(TypeError, match="reuse must be a Reuse, not bool"):
        service(lambda _: Response(), reuse=True)


def test_a_decorator_takes_options_first(host):
    @service(on_error=lambda request, error: Response.text(str(error), status=503))
    def incoming(request: IncomingRequest) -> Response:
        raise RuntimeError("closed for today")

    answer = host.request(NativeApp(incoming))

    assert (answer.status, bytes(answer.body)) == (503, b"closed for today")


# Other return values


@pytest.mark.parametrize("make", [iter, lambda pieces: (piece for piece in pieces)])
def test_an_iterator_is_a_200_that_is_streamed(ask, make):
    answer = ask(lambda _: make([b"a", b"", b"b"]))

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"ab", True)


def test_a_handler_may_be_a_generator(ask):
    def handle(request: IncomingRequest) -> Iterator[bytes]:
        yield request.method.encode()
        yield b" "
        yield request.body.read()

    answer = ask(handle, method="POST", body=b"x")

    assert (bytes(answer.body), answer.complete) == (b"POST x", True)


def test_a_generator_that_fails_at_once_is_a_500(ask):
    def handle(request: IncomingRequest) -> Iterator[bytes]:
        raise RuntimeError("at once")
        yield b""

    assert ask(handle).status == 500


def test_the_response_to_head_has_no_body_and_its_generator_is_not_started(ask):
    begun = []

    def handle(request: IncomingRequest) -> Iterator[bytes]:
        begun.append(True)
        yield b"x"

    answer = ask(handle, method="HEAD")

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"", True)
    assert begun == []


@pytest.mark.parametrize("value", [[b"list"], b"bytes", {"a": 1}, Body(b"x"), ResponseSent()])
def test_any_other_return_value_is_an_error(ask, capsys, value):
    assert ask(lambda _: value).status == 500
    assert f"returned a {type(value).__name__}, not a" in capsys.readouterr().err


def test_a_connection_can_be_closed_after_a_response(ask):
    def handle(_: IncomingRequest) -> Response:
        response = Response.text("bye")
        response.close_connection = True
        return response

    assert ("connection", b"close") in ask(handle).headers


def test_a_response_can_be_framed_by_its_headers(ask):
    def handle(_: IncomingRequest) -> Response:
        response = Response(headers={"Content-Length": "3"}, body=iter([b"a", b"bc"]))
        response.manual_framing = True
        return response

    answer = ask(handle)

    assert answer.headers == [("Content-Length", b"3")]
    assert bytes(answer.body) == b"abc"


# Failures


def test_system_exit_while_streaming_aborts_the_response(ask, capsys):
    def handle(_: IncomingRequest) -> Iterator[bytes]:
        yield b"half"
        sys.exit(1)

    answer = ask(handle)

    assert (bytes(answer.body), answer.complete) == (b"half", False)
    assert "SystemExit: 1" in capsys.readouterr().err


def interrupted(_: IncomingRequest) -> Response:
    raise KeyboardInterrupt


def interrupted_half_way(_: IncomingRequest) -> Iterator[bytes]:
    yield b"half"
    raise KeyboardInterrupt


@pytest.mark.parametrize("reuse", [None, Reuse()])
@pytest.mark.parametrize("handler", [interrupted, interrupted_half_way])
def test_an_interrupt_is_not_a_response(host, handler, reuse):
    answer = RecordedResponse()
    exchange = Exchange(Incoming(), answer)
    app = NativeApp(service(handler, reuse=reuse, on_error=lambda *_: Response.text("no")))

    with pytest.raises(KeyboardInterrupt):
        host.run(app, exchange, RequestQueue(()))
    assert not (answer.complete and answer.status == 200)
    assert bytes(answer.body) in (b"half", b"the host was interrupted\n")


def test_a_broken_backend_body_aborts_the_response_made_from_it(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/broken").send("origin")
        return Response(body=response.body.iter_bytes())

    answer = ask(handle)

    assert (bytes(answer.body), answer.complete) == (b"half", False)


def test_a_broken_backend_body_aborts_the_response_that_passes_it_on(ask, origin):
    answer = ask(lambda _: Request("GET", f"{origin}/broken").send("origin"))

    assert (bytes(answer.body), answer.complete) == (b"half", False)


class Leaving(RecordedResponse):
    """A client that leaves after the first part of the body."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.body.startswith(b"1"):
            raise ClientGone("has left")


def test_a_generator_is_closed_when_the_client_leaves(host, capsys):
    ended = []

    def handle(_: IncomingRequest) -> Iterator[bytes]:
        try:
            for number in range(1000):
                yield str(number + 1).encode()
        finally:
            ended.append(number)

    answer = Leaving()
    host.run(NativeApp(service(handle)), Exchange(Incoming(), answer), RequestQueue(()))

    assert (len(ended), answer.complete) == (1, False)
    assert ended[0] < 999
    assert "BodyError" in capsys.readouterr().err


def test_an_exception_in_a_closed_generator_does_not_begin_a_second_response(host, capsys):
    asked = []

    def handle(_: IncomingRequest) -> Iterator[bytes]:
        try:
            for number in range(1000):
                yield str(number + 1).encode()
        finally:
            raise RuntimeError("at the end")

    def on_error(request: IncomingRequest, error: Exception) -> Response:
        asked.append(error)
        return Response()

    answer = Leaving()
    app = NativeApp(service(handle, on_error=on_error))
    host.run(app, Exchange(Incoming(), answer), RequestQueue(()))

    assert (answer.status, answer.complete, asked) == (200, False, [])
    assert "RuntimeError: at the end" in capsys.readouterr().err


def test_a_response_that_cannot_begin_is_a_500_and_its_generator_is_closed(ask, instead):
    ended = []
    bodies = []

    def handle(_: IncomingRequest) -> Iterator[bytes]:
        try:
            yield b"x"
        finally:
            ended.append(True)

    def refuse(_function, _response, body):
        bodies.append(body)
        raise Err(Error_GenericError())

    instead("http-resp.send_downstream_streaming", refuse)

    assert ask(handle).status == 500
    assert ended == [True]
    assert bodies[0].gone


def test_a_response_that_the_host_refuses_is_a_500(ask, instead, capsys):
    refused = []

    def refuse(function, *args):
        if not refused:
            refused.append(True)
            raise Err(Error_GenericError())
        return function(*args)

    instead("http-resp.send_downstream", refuse)
    answer = ask(lambda _: Response.text("x"))

    assert (answer.status, bytes(answer.body)) == (500, b"Internal Server Error")
    assert "http-resp.send-downstream" in capsys.readouterr().err


def test_the_guest_fails_if_not_even_a_500_can_be_sent(ask, instead):
    def refuse(function, *args):
        raise Err(Error_GenericError())

    instead("http-resp.send_downstream", refuse)
    answer = ask(lambda _: Response.text("x"))

    assert (answer.status, bytes(answer.body)) == (500, b"the app's handle returned an error\n")


def test_a_response_that_cannot_be_sent_is_closed(ask, origin):
    kept = []

    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/404").send("origin")
        kept.append(response)
        response.status = 103
        return response

    assert ask(handle).status == 500
    assert kept[0].body.closed


# The app's own error page


def page(request: IncomingRequest, error: Exception) -> Response:
    return Response.text(f"{request.path}: {type(error).__name__}", status=503)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (failing, b"/x: RuntimeError"),
        (lambda _: None, b"/x: TypeError"),
        (lambda _: Response(103), b"/x: InvalidStatus"),
        (lambda request: Response.text(request.text(limit=0)), b"/x: BodyTooLarge"),
    ],
)
def test_an_error_page_gets_the_request_and_the_exception(ask, capsys, handler, expected):
    answer = ask(handler, on_error=page, uri="http://site.example/x", body=b"1")

    assert (answer.status, bytes(answer.body)) == (503, expected)
    assert "Traceback" in capsys.readouterr().err


def test_an_error_page_has_no_body_for_head(ask):
    answer = ask(failing, on_error=page, method="HEAD")

    assert (answer.status, bytes(answer.body)) == (503, b"")


def half(_: IncomingRequest) -> Iterator[bytes]:
    yield b"half"
    raise RuntimeError("half-way")


@pytest.mark.parametrize(
    ("handler", "answered"),
    [
        (lambda _: sys.exit(1), (500, b"Internal Server Error", True)),
        (half, (200, b"half", False)),
    ],
)
def test_on_error_is_not_called_after_an_exit_or_the_first_piece(ask, handler, answered):
    asked = []
    answer = ask(handler, on_error=lambda *given: asked.append(given) or Response())

    assert (answer.status, bytes(answer.body), answer.complete) == answered
    assert asked == []


@pytest.mark.parametrize(
    ("on_error", "told"),
    [
        (lambda *_: 1 // 0, "ZeroDivisionError"),
        (lambda *_: None, "returned None, not a"),
        (lambda *_: sys.exit(4), "SystemExit: 4"),
        (lambda *_: Response(100), "must be 200 to 599, not 100"),
    ],
)
def test_a_failed_error_page_is_a_bare_500(ask, capsys, on_error, told):
    answer = ask(failing, on_error=on_error)

    assert (answer.status, bytes(answer.body)) == (500, b"Internal Server Error")
    said = capsys.readouterr().err
    assert "RuntimeError: s3cret" in said
    assert told in said


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda url: iter([b"a", b"b"]), (200, b"ab")),
        (lambda url: Request("GET", url).send("origin"), (404, b"not here")),
        (lambda url: Request("GET", url).send_async("origin"), (404, b"not here")),
    ],
)
def test_an_error_page_may_be_anything_that_a_handler_returns(ask, origin, make, expected):
    answer = ask(failing, on_error=lambda *_: make(f"{origin}/404"))

    assert (answer.status, bytes(answer.body), answer.complete) == (*expected, True)
