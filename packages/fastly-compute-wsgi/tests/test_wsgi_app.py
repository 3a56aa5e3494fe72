"""The requirements of PEP 3333 for a server, on the native host."""

import sys
from collections.abc import Iterator
from wsgiref.validate import validator

import pytest

from fastly_compute.http import IncomingRequest, Reuse
from fastly_compute.local import BackendConfig, HostConfig, Incoming, NativeApp, ReuseLimits
from fastly_compute.wsgi import WsgiError, WsgiHttpIncoming

PLAIN = [("Content-Type", "text/plain")]


def hello(environ, start_response):
    start_response("200 OK", list(PLAIN))
    return [b"hello"]


class Parts:
    """An iterable with a ``close`` method, as frameworks return."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = parts
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield part

    def close(self) -> None:
        self.closed += 1


def answering(parts, *, status="200 OK", headers=PLAIN):
    def app(environ, start_response):
        start_response(status, list(headers))
        return parts

    return app


# One response


def test_an_app_sends_its_response(ask):
    asked = ask(hello)

    assert (asked.status, asked.body, asked.complete) == (200, b"hello", True)
    assert asked.headers("content-type") == ["text/plain"]
    assert asked.log == ""


def test_a_list_with_one_part_has_its_content_length(ask):
    assert ask(hello, valid=False).headers("content-length") == ["5"]


def test_a_list_with_one_part_takes_one_send_and_the_fewest_calls(ask):
    headers = [("host", b"localhost"), ("user-agent", b"test"), ("accept", b"*/*")]
    asked = ask(hello, valid=False, headers=headers)

    assert asked.calls == [
        "http-req.Request.get_method",
        "http-req.Request.get_uri",
        "http-req.Request.get_version",
        "http-downstream.downstream_client_ip_addr",
        "http-req.Request.get_header_names",
        *["http-req.Request.get_header_values"] * 3,
        "http-body.new",
        "http-body.write",
        "http-resp.Response.new",
        "http-resp.Response.set_status",
        "http-resp.Response.append_header",
        "http-resp.send_downstream",
    ]


def test_a_single_part_as_long_as_the_content_length_takes_one_send(ask):
    def app(environ, start_response):
        start_response("200 OK", [*PLAIN, ("Content-Length", "5")])
        yield b"hello"

    asked = ask(app)

    assert (asked.body, asked.complete) == (b"hello", True)
    assert asked.headers("content-length") == ["5"]
    assert "http-resp.send_downstream_streaming" not in asked.calls


@pytest.mark.parametrize("parts", [[], [b""], (), iter([]), iter([b"", b""])])
def test_an_app_may_return_an_empty_body(ask, parts):
    asked = ask(answering(parts))

    assert (asked.status, asked.body, asked.complete) == (200, b"", True)
    assert asked.headers("content-length") == ["0"]


def test_headers_keep_their_order_and_repetitions_and_latin_1(ask):
    given = [("Set-Cookie", "a=1"), ("X-Name", "caf\xe9"), ("set-cookie", "b=2"), ("X-Empty", "")]
    asked = ask(answering([b"x"], headers=[*PLAIN, *given]))

    sent = [(name, value.decode("latin-1")) for name, value in asked.answer.headers]
    assert sent == [*PLAIN, *given, ("transfer-encoding", "chunked")]


def test_space_around_a_value_is_removed(ask):
    asked = ask(answering([b"x"], headers=[*PLAIN, ("X-Space", " \tin between\t ")]), valid=False)

    assert asked.headers("x-space") == ["in between"]


# Streaming


def test_each_part_is_sent_at_once_in_one_write(ask, host):
    written: list[bytes] = []
    seen: list[list[bytes]] = []

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        for part in (b"one", b"", b"two", b"three"):
            seen.append(list(written))
            yield part

    def watched(name, function, arguments):
        if name == "http-body.write":
            written.append(bytes(arguments[1]))
        return function(*arguments)

    service = WsgiHttpIncoming(validator(app))
    host.interpose = watched
    answer = host.request(NativeApp(service))

    assert (answer.body, answer.complete) == (b"onetwothree", True)
    assert written == [b"one", b"two", b"three"]
    assert seen == [[], [b"one"], [b"one"], [b"one", b"two"]]


def test_the_head_waits_for_the_first_byte(ask):
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        yield b""
        try:
            {}["changed its mind"]
        except LookupError:
            start_response("404 Not Found", list(PLAIN), sys.exc_info())
        yield b"not "
        yield b"here"

    asked = ask(app)

    assert (asked.status, asked.body, asked.complete) == (404, b"not here", True)


def test_start_response_may_be_called_as_late_as_the_first_part(ask):
    def app(environ, start_response):
        def parts():
            start_response("202 Accepted", list(PLAIN))
            yield b"a"
            yield b"b"

        return parts()

    asked = ask(app)

    assert (asked.status, asked.body) == (202, b"ab")


def test_a_streamed_body_keeps_the_content_length_of_the_app(ask):
    asked = ask(answering(iter([b"ab", b"cd"]), headers=[*PLAIN, ("Content-Length", "4")]))

    assert (asked.body, asked.complete) == (b"abcd", True)
    assert asked.headers("content-length") == ["4"]
    assert asked.headers("transfer-encoding") == []


def test_a_large_body_survives_short_writes(ask, host):
    data = bytes(range(256)) * 400
    service = WsgiHttpIncoming(answering(iter([data, data])))

    def short(name, function, arguments):
        if name == "http-body.write":
            arguments = (arguments[0], arguments[1][:1000])
        return function(*arguments)

    host.interpose = short

    assert host.request(NativeApp(service)).body == data * 2


# write


def test_written_data_is_sent_at_once_and_before_the_rest(ask, host):
    sent: list[bytes] = []

    def app(environ, start_response):
        write = start_response("200 OK", list(PLAIN))
        write(b"first ")
        sent.append(b"".join(written))
        write(b"second ")
        return iter([b"third ", b"fourth"])

    written: list[bytes] = []

    def watched(name, function, arguments):
        if name == "http-body.write":
            written.append(bytes(arguments[1]))
        return function(*arguments)

    host.interpose = watched
    answer = host.request(NativeApp(WsgiHttpIncoming(validator(app))))

    assert (answer.body, answer.complete) == (b"first second third fourth", True)
    assert sent == [b"first "]


@pytest.mark.parametrize("left", [[], [b"!"]])
def test_an_app_may_write_its_whole_body(ask, left):
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))(b"written")
        return left

    asked = ask(app)

    assert (asked.body, asked.complete) == (b"written" + b"".join(left), True)


# No body


@pytest.mark.parametrize("parts", [[b"hello"], (b"hel", b"lo")])
def test_head_has_no_body_and_the_length_of_get(ask, parts):
    asked = ask(answering(parts, headers=[*PLAIN, ("Content-Length", "5")]), method="HEAD")

    assert (asked.status, asked.body, asked.complete) == (200, b"", True)
    assert asked.headers("content-length") == ["5"]
    assert "http-body.write" not in asked.calls


def test_head_has_the_length_of_a_list_with_one_part(ask):
    assert ask(hello, valid=False, method="HEAD").headers("content-length") == ["5"]
    assert ask(answering(iter([b"a"])), method="HEAD").headers("content-length") == []


def test_data_written_to_head_is_left_out(ask):
    def app(environ, start_response):
        write = start_response("200 OK", list(PLAIN))
        write(b"one")
        write(b"two")
        return []

    asked = ask(app, method="HEAD")

    assert (asked.body, asked.complete) == (b"", True)
    assert "http-body.write" not in asked.calls


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_response_without_content_has_no_body(ask, status):
    parts = Parts(b"too ", b"much")
    headers = [("ETag", '"1"'), ("Content-Length", "8")]
    asked = ask(answering(parts, status=status, headers=headers), valid=False)

    assert (asked.status, asked.body, asked.complete) == (int(status[:3]), b"", True)
    assert asked.headers("etag") == ['"1"']
    assert "0" not in asked.headers("content-length")
    assert parts.closed == 1


def test_head_stops_an_endless_body(ask):
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        while True:
            yield b"more"

    assert ask(app, method="HEAD").complete


# close


def test_the_result_is_closed_once_and_after_it_was_sent(ask, host):
    order: list[str] = []

    class Noted(Parts):
        def close(self) -> None:
            order.append("close")
            super().close()

    def watched(name, function, arguments):
        if name.startswith("http-resp.send") or name == "http-body.close":
            order.append(name)
        return function(*arguments)

    streamed, whole = Noted(b"a", b"b"), Noted(b"ab")
    host.interpose = watched
    host.request(NativeApp(WsgiHttpIncoming(validator(answering(streamed)))))
    headers = [*PLAIN, ("Content-Length", "2")]
    host.request(NativeApp(WsgiHttpIncoming(validator(answering(whole, headers=headers)))))

    assert (streamed.closed, whole.closed) == (1, 1)
    assert order == [
        "http-resp.send_downstream_streaming",
        "http-body.close",
        "close",
        "http-resp.send_downstream",
        "close",
    ]


@pytest.mark.parametrize("parts", [(), (ValueError("no"),), (b"a", ValueError("no"))])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_result_is_closed_whatever_happens(ask, method, parts):
    result = Parts(*parts)
    ask(answering(result), method=method)

    assert result.closed == 1


def test_a_failed_close_is_logged_and_does_not_change_the_response(ask):
    class Broken(Parts):
        def close(self) -> None:
            raise RuntimeError("cannot close")

    asked = ask(answering(Broken(b"a", b"b")), valid=False)

    assert (asked.status, asked.body, asked.complete) == (200, b"ab", True)
    assert "RuntimeError: cannot close" in asked.log


# Failures


def test_an_exception_is_a_bare_500_and_its_traceback_is_in_the_log(ask):
    def app(environ, start_response):
        raise ValueError("the secret reason")

    asked = ask(app)

    assert (asked.status, asked.body) == (500, b"Internal Server Error")
    assert "ValueError: the secret reason" in asked.log
    assert ", in app" in asked.log


def test_an_exception_before_the_first_byte_is_still_a_500(ask):
    asked = ask(answering(Parts(b"", ValueError("no"))))

    assert (asked.status, asked.body, asked.complete) == (500, b"Internal Server Error", True)


def test_an_exception_in_the_middle_aborts_the_transfer(ask):
    asked = ask(answering(Parts(b"one", ValueError("half-way"))))

    assert (asked.status, asked.body, asked.complete) == (200, b"one", False)
    assert "ValueError: half-way" in asked.log


def test_an_exception_after_a_write_aborts_the_transfer(ask):
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))(b"one")
        raise ValueError("half-way")

    asked = ask(app)

    assert (asked.status, asked.body, asked.complete) == (200, b"one", False)


def test_exc_info_is_raised_again_after_the_head_was_sent(ask):
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        yield b"one"
        try:
            {}["too late"]
        except LookupError:
            start_response("500 Oops", list(PLAIN), sys.exc_info())
        yield b"never"

    asked = ask(app)

    assert (asked.body, asked.complete) == (b"one", False)
    assert "KeyError: 'too late'" in asked.log


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (answering(None), "returned None, not an iterable of bytes"),
        (answering(["text"]), "must be bytes, not str"),
        (answering("text"), "must be bytes, not str"),
        (lambda environ, start_response: [b"x"], "must call start_response before"),
        (lambda environ, start_response: [], "must call start_response before"),
        (lambda environ, start_response: iter([b"x"]), "must call start_response before"),
        (answering([b"x"], status="200\r\nX: y"), "status must be a str such as '200 OK'"),
        (answering([b"x"], status="OK"), "status must be"),
        (answering([b"x"], status=" 200 OK"), "status must be"),
        (answering([b"x"], status="103 Early Hints"), "status must be"),
        (answering([b"x"], status="999 Strange"), "status must be"),
        (answering([b"x"], status=200), "status must be a str such as '200 OK', not 200"),
        (answering([b"x"], headers=[["X-List", "1"]]), "must be a tuple of two str"),
        (answering([b"x"], headers=[("X-Number", 1)]), "must be a tuple of two str"),
        (answering([b"x"], headers=[("X-Bytes", b"1")]), "must be a tuple of two str"),
        (answering([b"x"], headers=[("X-Line", "a\r\nSet-Cookie: b")]), "'X-Line' cannot be"),
        (answering([b"x"], headers=[("X Space", "a")]), "a header's name"),
        (answering([b"x"], headers=[("X-Wide", "€")]), "latin-1"),
        (answering([b"x"], headers=[("Connection", "close")]), "hop-by-hop header 'Connection'"),
        (answering([b"x"], headers=[("transfer-ENCODING", "gzip")]), "hop-by-hop header"),
        (answering([b"x"], headers=[("Content-Length", "one")]), "must be a single number"),
        (answering([b"x"], headers=[("Content-Length", "1")] * 2), "must be a single number"),
        (answering([b"x"], headers=[("Content-Length", "-1")]), "must be a single number"),
        (answering([b"xx"], headers=[("Content-Length", "1")]), "longer than its Content-Length"),
        (answering([b"x"], headers=[("Content-Length", "2")]), "ended after 1 bytes"),
        (answering([], headers=[("Content-Length", "2")]), "ended after 0 bytes"),
    ],
)
def test_an_app_that_breaks_a_rule_gets_an_error_that_names_it(ask, app, message):
    asked = ask(app, valid=False)

    assert message in asked.log
    assert asked.status == 500 or not asked.complete


def test_headers_must_be_a_list(ask):
    def app(environ, start_response):
        start_response("200 OK", {"X-One": "1"})
        return [b""]

    assert "the app's headers must be a list, not a dict" in ask(app, valid=False).log


def test_a_second_start_response_needs_exc_info(ask):
    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        start_response("200 OK", list(PLAIN))
        return [b"x"]

    asked = ask(app, valid=False)

    assert asked.status == 500
    assert "a second time without exc_info" in asked.log


def test_a_rule_is_broken_where_the_app_can_catch_it(ask):
    def app(environ, start_response):
        with pytest.raises(WsgiError, match="hop-by-hop"):
            start_response("200 OK", [("Upgrade", "h2c")])
        start_response("200 OK", list(PLAIN))
        return [b"caught"]

    asked = ask(app, valid=False)

    assert issubclass(WsgiError, AssertionError)
    assert asked.body == b"caught"


def test_nothing_can_be_written_after_the_end(ask):
    class Late(Parts):
        def close(self) -> None:
            write(b"late")

    def app(environ, start_response):
        nonlocal write
        write = start_response("200 OK", list(PLAIN))
        return Late()

    write = None
    asked = ask(app, valid=False)

    assert (asked.body, asked.complete) == (b"", True)
    assert "after the end of its body" in asked.log


@pytest.mark.parametrize("status", ["200", "200 ", "200 Any Reason: it's all right"])
def test_a_reason_may_be_anything_or_missing(ask, status):
    assert ask(answering([b"x"], status=status), valid=False).status == 200


# The service


@pytest.mark.parametrize("app", [None, "main:app", 3])
def test_an_app_must_be_callable(app):
    with pytest.raises(TypeError, match="a WSGI app must be callable"):
        WsgiHttpIncoming(app)


def test_both_ways_to_reuse_cannot_be_combined():
    with pytest.raises(ValueError, match="either reuse or reuse_sandboxes_for_ms"):
        WsgiHttpIncoming(hello, reuse_sandboxes_for_ms=300, reuse=Reuse())


@pytest.mark.parametrize(
    ("given", "kind"), [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("1", TypeError)]
)
def test_a_time_must_be_a_number_of_milliseconds(given, kind):
    with pytest.raises(kind, match="reuse_sandboxes_for_ms must be"):
        WsgiHttpIncoming(hello, False, given)


def test_reuse_must_be_a_reuse():
    with pytest.raises(TypeError, match="reuse must be a Reuse, not bool"):
        WsgiHttpIncoming(hello, reuse=True)


def test_the_repr_shows_the_app():
    assert repr(WsgiHttpIncoming(hello)).startswith("<WsgiHttpIncoming <function hello")


def run_once_and_served(host, service, count=3):
    """Serve requests, and return the response bodies and the number of further requests."""
    calls: list[str] = []

    def watched(name, function, arguments):
        calls.append(name)
        return function(*arguments)

    host.interpose = watched
    answers = host.requests(NativeApp(service), [Incoming() for _ in range(count)])
    return [bytes(answer.body) for answer in answers], calls.count("http-downstream.next_request")


def run_once(environ, start_response):
    start_response("200 OK", list(PLAIN))
    return [str(environ["wsgi.run_once"]).encode()]


@pytest.mark.parametrize(
    ("options", "said", "asked_for_more"),
    [
        ({}, b"True", False),
        ({"reuse_sandboxes_for_ms": 300}, b"False", True),
        ({"reuse": Reuse(max_requests=100)}, b"False", True),
    ],
)
def test_run_once_says_whether_the_sandbox_is_reused(host, options, said, asked_for_more):
    host.reuse = ReuseLimits(requests=100)
    bodies, further = run_once_and_served(host, WsgiHttpIncoming(validator(run_once), **options))

    assert bodies == [said] * 3
    assert (further > 0) is asked_for_more


@pytest.mark.parametrize("handle_errors", [False, True])
def test_a_sandbox_continues_after_a_failure_if_errors_are_handled(host, capsys, handle_errors):
    host.reuse = ReuseLimits(requests=100)
    sandboxes: list[str] = []

    def app(environ, start_response):
        request: IncomingRequest = environ["fastly.request"]
        sandboxes.append(request.path)
        raise ValueError("no")

    service = WsgiHttpIncoming(app, handle_errors, 300)
    bodies, further = run_once_and_served(host, service, 2)
    capsys.readouterr()

    assert bodies == [b"Internal Server Error"] * 2
    assert (further > 0) is handle_errors


def test_the_apps_response_is_ignored_after_a_handoff(host, ask):
    def app(environ, start_response):
        environ["fastly.request"].handoff_fanout("origin")
        start_response("200 OK", list(PLAIN))
        return [b"never sent"]

    host.config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:1")})
    asked = ask(app)

    assert b"never sent" not in asked.body
    assert "Traceback" not in asked.log
