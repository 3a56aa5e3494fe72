import asyncio
import logging

import pytest

from fastly_compute.asgi import AsgiError, AsgiHttpIncoming
from fastly_compute.http import Response, Reuse
from fastly_compute.local import Host, Incoming, NativeApp, ReuseLimits

START = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]}
BODY = {"type": "http.response.body", "body": b"hello"}
MORE = {**BODY, "more_body": True}
TRAILERS = {"type": "http.response.trailers", "headers": [(b"x-sum", b"5")]}


def sends(*events):
    async def app(scope, receive, send):
        for event in events:
            await send(event)

    return app


def test_a_response_in_one_event_is_sent_as_a_whole(ask) -> None:
    asked = ask(sends(START, BODY))

    assert (asked.status, asked.body, asked.complete) == (200, b"hello", True)
    assert asked.headers("x-a") == ["1", "2"]
    assert asked.headers("content-length") == ["5"]
    assert "http-resp.send_downstream" in asked.calls
    assert "http-resp.send_downstream_streaming" not in asked.calls


def test_a_response_in_several_events_is_streamed(ask) -> None:
    asked = ask(sends(START, MORE, MORE, {"type": "http.response.body"}))

    assert (asked.status, asked.body, asked.complete) == (200, b"hellohello", True)
    assert asked.headers("content-length") == []


def test_a_streamed_response_has_the_apps_length(ask) -> None:
    start = {**START, "headers": [(b"content-length", b"10")]}
    asked = ask(sends(start, MORE, BODY))

    assert (asked.body, asked.headers("content-length")) == (b"hellohello", ["10"])


@pytest.mark.parametrize("body", [bytearray(b"hello"), memoryview(b"hello")])
def test_a_body_may_be_any_bytes(ask, body) -> None:
    assert ask(sends(START, {**BODY, "body": body})).body == b"hello"


def test_headers_about_the_connection_are_left_out(ask) -> None:
    headers = [
        (b"connection", b"keep-alive"),
        (b"keep-alive", b"timeout=5"),
        (b"Transfer-Encoding", b"chunked"),
        (b"x-kept", b" yes "),
    ]
    asked = ask(sends({**START, "headers": headers}, BODY))

    assert asked.body == b"hello"
    assert asked.headers("connection") == asked.headers("transfer-encoding") == []
    assert asked.headers("x-kept") == ["yes"]


@pytest.mark.parametrize("length", [[], [(b"content-length", b"5")]])
@pytest.mark.parametrize("body", [[BODY], [MORE, {"type": "http.response.body"}]])
def test_head_gets_the_head_alone(ask, length, body) -> None:
    asked = ask(sends({**START, "headers": length}, *body), method="HEAD")
    known = length or len(body) == 1

    assert (asked.status, asked.body, asked.complete) == (200, b"", True)
    assert asked.headers("content-length") == (["5"] if known else [])


def test_head_may_leave_the_body_out_itself(ask) -> None:
    start = {**START, "headers": [(b"content-length", b"5")]}
    asked = ask(sends(start, {"type": "http.response.body"}), method="HEAD")

    assert (asked.body, asked.headers("content-length")) == (b"", ["5"])


def test_what_head_leaves_out_is_not_kept_by_the_host(ask) -> None:
    asked = ask(sends(START, *[MORE] * 3, BODY), method="HEAD")

    assert "http-body.write" not in asked.calls


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("body", [[BODY], [MORE, BODY], [{"type": "http.response.body"}]])
def test_some_statuses_have_no_body(ask, status, body) -> None:
    start = {**START, "status": status, "headers": [(b"content-length", b"5")]}
    asked = ask(sends(start, *body))

    assert (asked.status, asked.body, asked.complete) == (status, b"", True)


def test_trailers_are_sent_to_a_client_that_asks_for_them(ask) -> None:
    start = {**START, "trailers": True}
    more = {**TRAILERS, "more_trailers": True}
    asked = ask(sends(start, BODY, more, TRAILERS), headers=[("te", b"Trailers")])

    assert (asked.body, asked.complete) == (b"hello", True)
    assert asked.answer.trailers == [("x-sum", b"5"), ("x-sum", b"5")]


def test_trailers_are_not_sent_to_other_clients(ask) -> None:
    asked = ask(sends({**START, "trailers": True}, BODY, TRAILERS))

    assert (asked.body, asked.complete, asked.answer.trailers) == (b"hello", True, [])


def test_early_hints_are_sent_before_the_response(ask) -> None:
    hint = {"type": "http.response.early_hint", "links": iter([b"</a.css>; rel=preload", b"</b>"])}
    asked = ask(sends(START, hint, BODY))

    assert asked.answer.early == [(103, [("Link", b"</a.css>; rel=preload"), ("Link", b"</b>")])]
    assert asked.body == b"hello"


@pytest.mark.parametrize("size", [0, 10, 65_536, 65_537, 300_000])
@pytest.mark.parametrize("length", [True, False])
def test_a_file_is_sent_by_its_path(ask, tmp_path, size, length) -> None:
    file = tmp_path / "file"
    file.write_bytes(content := b"0123456789" * (size // 10) + b"x" * (size % 10))
    headers = [(b"content-length", str(size).encode())] if length else []
    path = {"type": "http.response.pathsend", "path": str(file)}
    asked = ask(sends({**START, "headers": headers}, path))

    assert (asked.status, asked.body, asked.complete) == (200, content, True)
    if length or size <= 65_536:
        assert asked.headers("content-length") == [str(size)]


def test_a_file_that_is_missing_is_a_500(ask, tmp_path) -> None:
    path = {"type": "http.response.pathsend", "path": str(tmp_path / "nothing")}
    asked = ask(sends(START, path))

    assert asked.status == 500
    assert "FileNotFoundError" in asked.log


LENGTH = {**START, "headers": [(b"content-length", b"6")]}
WRONG_BEFORE_THE_BODY = {
    "'lamp', which is not an event of an HTTP response; those are http.response.start": [
        {"type": "lamp"}
    ],
    "sent None, which": [{}],
    "sent http.response.start twice": [START, START],
    "sent http.response.body before http.response.start": [BODY],
    "sent http.response.pathsend before http.response.start": [
        {"type": "http.response.pathsend", "path": "/a"}
    ],
    "pathsend: path must be a str, not None": [START, {"type": "http.response.pathsend"}],
    "status must be an int, 200 to 599, not '200'": [{**START, "status": "200"}],
    "status must be an int, 200 to 599, not None": [{"type": "http.response.start"}],
    "status must be an int, 200 to 599, not 101": [{**START, "status": 101}],
    "headers must be an iterable of pairs, not int": [{**START, "headers": 1}],
    "each header must be a pair": [{**START, "headers": [b"xy"]}],
    "a header's name and value must be bytes, not str and bytes": [
        {**START, "headers": [("x", b"y")]}
    ],
    "content-length must be a single number of bytes, not b'-1'": [
        {**START, "headers": [(b"content-length", b"-1")]}
    ],
    "content-length must be a single number of bytes, not b'2'": [
        {**START, "headers": [(b"content-length", b"1"), (b"content-length", b"2")]}
    ],
    "header 'x-a' cannot be": [{**START, "headers": [(b"x-a", b"a\r\nb")]}],
    "body must be bytes, not str": [START, {**BODY, "body": "hello"}],
    "the body ended after 5 bytes, but its content-length is 6": [LENGTH, BODY],
    "the body is longer than its content-length of 6": [LENGTH, {**BODY, "body": b"hello me"}],
    "http.response.trailers, but its http.response.start did not set": [START, TRAILERS],
    "http.response.trailers before the last": [{**START, "trailers": True}, TRAILERS],
    "links must be an iterable of bytes": [
        START,
        {"type": "http.response.early_hint", "links": ["</a>"]},
    ],
    "returned without sending http.response.start": [],
    "returned before its response was complete": [START],
}


@pytest.mark.parametrize(
    ("rule", "events"), WRONG_BEFORE_THE_BODY.items(), ids=WRONG_BEFORE_THE_BODY
)
def test_a_broken_rule_is_a_500_that_names_it(ask, rule, events) -> None:
    asked = ask(sends(*events))

    assert (asked.status, asked.complete) == (500, True)
    assert rule in asked.log


WRONG_AFTERWARDS = {
    "the body ended after 5 bytes, but its content-length is 6": [
        LENGTH,
        MORE,
        {"type": "http.response.body"},
    ],
    "the body is longer than its content-length of 6": [LENGTH, MORE, MORE],
    "sent http.response.pathsend after http.response.body": [
        START,
        MORE,
        {"type": "http.response.pathsend", "path": "/a"},
    ],
    "early_hint after the first http.response.body": [
        START,
        MORE,
        {"type": "http.response.early_hint", "links": []},
    ],
    "the last http.response.body must not set more_body": [START, MORE],
    "returned without sending http.response.trailers": [{**START, "trailers": True}, BODY],
    "sent http.response.body after the last http.response.body": [
        {**START, "trailers": True},
        BODY,
        BODY,
    ],
    "http.response.trailers before the last": [{**START, "trailers": True}, MORE, TRAILERS],
}


@pytest.mark.parametrize(("rule", "events"), WRONG_AFTERWARDS.items(), ids=WRONG_AFTERWARDS)
def test_a_rule_that_is_broken_later_aborts_the_response(ask, rule, events) -> None:
    asked = ask(sends(*events))

    assert (asked.status, asked.complete) == (200, False)
    assert rule in asked.log


def test_an_event_after_the_end_is_an_error_of_the_app(ask) -> None:
    asked = ask(sends(START, BODY, BODY))

    assert (asked.status, asked.body, asked.complete) == (200, b"hello", True)
    assert "AsgiError: the app sent http.response.body after its response was complete" in asked.log


def test_an_app_that_fails_first_is_a_500(ask) -> None:
    async def app(scope, receive, send):
        await send(START)
        raise LookupError("lamp")

    asked = ask(app)

    assert (asked.status, asked.body) == (500, b"Internal Server Error")
    assert "LookupError: lamp" in asked.log


def test_an_app_that_fails_later_aborts_its_response(ask) -> None:
    async def app(scope, receive, send):
        await send(START)
        await send(MORE)
        raise LookupError("lamp")

    asked = ask(app)

    assert (asked.status, asked.body, asked.complete) == (200, b"hello", False)
    assert "LookupError: lamp" in asked.log


def test_an_app_that_fails_after_its_response_is_in_the_log(ask) -> None:
    async def app(scope, receive, send):
        await send(START)
        await send(BODY)
        raise LookupError("lamp")

    asked = ask(app)

    assert (asked.status, asked.body, asked.complete) == (200, b"hello", True)
    assert "LookupError: lamp" in asked.log


def test_a_handler_for_errors_makes_the_response(ask) -> None:
    async def app(scope, receive, send):
        raise LookupError("lamp")

    def sorry(request, error):
        return Response.text(f"{request.path}: {error}", status=503)

    asked = ask(app, options={"lifespan": "off", "on_error": sorry}, uri="http://a/b")

    assert (asked.status, asked.body) == (503, b"/b: lamp")


def test_an_app_may_respond_through_the_hosts_request(ask) -> None:
    async def app(scope, receive, send):
        scope["fastly.request"].respond(Response.text("by itself"))

    asked = ask(app)

    assert (asked.status, asked.body) == (200, b"by itself")
    assert "Error" not in asked.log


def test_an_app_may_not_respond_twice(ask) -> None:
    async def app(scope, receive, send):
        scope["fastly.request"].respond(Response.text("by itself"))
        await sends(START, BODY)(scope, receive, send)

    asked = ask(app)

    assert asked.body == b"by itself"
    assert "a response to this request was already sent" in asked.log


def test_a_task_that_is_left_running_is_cancelled_and_logged(ask, caplog) -> None:
    ended, tasks = [], []

    async def tick():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    async def app(scope, receive, send):
        tasks.append(asyncio.create_task(tick(), name="ticker"))
        await asyncio.sleep(0)
        await sends(START, BODY)(scope, receive, send)

    with caplog.at_level(logging.WARNING):
        asked = ask(app)

    assert asked.body == b"hello"
    assert ended == [True]
    assert "task ticker (test_a_task_that_is_left_running" in caplog.text


def test_a_wait_for_a_client_that_stays_ends(ask) -> None:
    """No host reports that a client is gone to an app that only waits for that."""

    async def app(scope, receive, send):
        await receive()
        await receive()

    asked = ask(app)

    assert asked.status == 500
    assert "deadlock" in asked.log


def test_the_end_of_the_response_is_a_disconnect(ask) -> None:
    found = []

    async def app(scope, receive, send):
        read = asyncio.Event()

        async def watch():
            while (event := await receive())["type"] != "http.disconnect":
                found.append(event)
                if not event["more_body"]:
                    read.set()
            found.append(event)

        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            await read.wait()
            await sends(START, BODY)(scope, receive, send)
        found.append(await receive())

    asked = ask(app, method="POST", body=b"content")

    assert asked.body == b"hello"
    assert found == [
        {"type": "http.request", "body": b"content", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
        {"type": "http.disconnect"},
    ]


def test_a_receive_that_is_cancelled_loses_nothing(ask) -> None:
    async def app(scope, receive, send):
        task = asyncio.create_task(receive())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        got = b""
        while (event := await receive())["more_body"]:
            got += event["body"]
        await sends(START, {**BODY, "body": got})(scope, receive, send)

    assert ask(app, method="POST", body=b"content").body == b"content"


def test_the_requests_of_a_sandbox_share_its_loop(host: Host) -> None:
    loops = []

    async def app(scope, receive, send):
        loops.append(asyncio.get_running_loop())
        await sends(START, BODY)(scope, receive, send)

    host.reuse = ReuseLimits(requests=3)
    service = AsgiHttpIncoming(app, lifespan="off", reuse=Reuse())
    answers = host.requests(NativeApp(service), [Incoming()] * 3)

    assert [bytes(answer.body) for answer in answers] == [b"hello"] * 3
    assert len(set(map(id, loops))) == 1
    assert loops[0].is_closed()


def test_without_reuse_each_request_has_a_loop(host: Host) -> None:
    loops = []

    async def app(scope, receive, send):
        loops.append(asyncio.get_running_loop())
        await sends(START, BODY)(scope, receive, send)

    app_on_host = NativeApp(AsgiHttpIncoming(app, lifespan="off"))
    for _ in range(2):
        host.request(app_on_host, Incoming())

    assert loops[0] is not loops[1]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ([None], {}, TypeError, "an ASGI app must be callable, not NoneType"),
        ([sends()], {"lifespan": "yes"}, ValueError, "must be 'auto', 'on' or 'off', not 'yes'"),
        ([sends()], {"reuse": True}, TypeError, "reuse must be a Reuse, not bool"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, options, error, text) -> None:
    with pytest.raises(error, match=text):
        AsgiHttpIncoming(*arguments, **options)


def test_the_repr_names_the_app() -> None:
    assert repr(AsgiHttpIncoming(app := sends())) == f"<AsgiHttpIncoming {app!r}>"


def test_an_asgi_error_is_the_servers_usual_one() -> None:
    assert issubclass(AsgiError, RuntimeError)
