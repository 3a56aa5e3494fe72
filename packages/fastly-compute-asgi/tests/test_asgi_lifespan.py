import asyncio
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.http import Reuse
from fastly_compute.http.scope import request_local
from fastly_compute.local import Host, Incoming, NativeApp, ReuseLimits

START = {"type": "http.response.start", "status": 200}
COMPLETE = {"type": "lifespan.startup.complete"}


@pytest.fixture
def events():
    return []


def recording(events, *, startup=(COMPLETE,), shutdown=({"type": "lifespan.shutdown.complete"},)):
    """Make an app that notes what it gets, and sends these events."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            events.append((await receive())["type"])
            scope["state"]["numbers"] = [1]
            for event in startup:
                await send(event)
            events.append((await receive())["type"])
            for event in shutdown:
                await send(event)
            return
        events.append(scope["state"])
        scope["state"]["numbers"].append(2)
        scope["state"]["mine"] = True
        await send(START)
        await send({"type": "http.response.body", "body": b"hello"})

    return app


def served(host, app, requests=1, **options):
    return host.requests(NativeApp(AsgiHttpIncoming(app, **options)), [Incoming()] * requests)


def test_startup_comes_before_the_request_and_shutdown_after_it(host: Host, events) -> None:
    (answer,) = served(host, recording(events))

    assert bytes(answer.body) == b"hello"
    assert [events[0], events[-1]] == ["lifespan.startup", "lifespan.shutdown"]
    assert events[1]["numbers"] == [1, 2]


def test_a_reused_sandbox_has_one_lifespan_and_each_request_its_copy_of_the_state(
    host: Host, events
) -> None:
    host.reuse = ReuseLimits(requests=3)
    served(host, recording(events), 3, reuse=Reuse())
    states = [event for event in events if isinstance(event, dict)]

    assert [event for event in events if isinstance(event, str)] == [
        "lifespan.startup",
        "lifespan.shutdown",
    ]
    assert len(states) == 3
    assert all(state["numbers"] is states[0]["numbers"] for state in states)
    assert len({id(state) for state in states}) == 3


def test_off_sends_no_event(host: Host, events) -> None:
    async def app(scope, receive, send):
        events.append(scope["type"])
        await send(START)
        await send({"type": "http.response.body"})
        assert scope["state"] == {}

    served(host, app, lifespan="off")

    assert events == ["http"]


async def hello(send):
    await send(START)
    await send({"type": "http.response.body", "body": b"hello"})


async def refusing(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await hello(send)


async def ignoring(scope, receive, send):
    if scope["type"] == "http":
        await hello(send)


@pytest.mark.parametrize("app", [refusing, ignoring])
def test_auto_accepts_an_app_without_a_lifespan(host: Host, lines, capsys, app) -> None:
    (answer,) = served(host, app)

    assert bytes(answer.body) == b"hello"
    assert "".join([*lines, capsys.readouterr().err]) == ""


@pytest.mark.parametrize("app", [refusing, ignoring])
def test_on_refuses_an_app_without_a_lifespan(host: Host, capsys, app) -> None:
    (answer,) = served(host, app, lifespan="on")

    assert answer.status == 500
    error = capsys.readouterr().err
    assert "the app does not support the ASGI lifespan, and lifespan is 'on'" in error


def test_a_startup_that_fails_is_a_500(host: Host, capsys, events) -> None:
    failed = {"type": "lifespan.startup.failed", "message": "no lamp"}
    (answer,) = served(host, recording(events, startup=[failed]))

    assert answer.status == 500
    assert "AsgiError: the app's startup failed: no lamp" in capsys.readouterr().err
    assert events == ["lifespan.startup"]


def test_a_startup_that_failed_is_tried_again_for_the_next_request(host: Host, events) -> None:
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await hello(send)
            return
        await receive()
        events.append("startup")
        if len(events) == 1:
            await send({"type": "lifespan.startup.failed"})
            raise LookupError("lamp")
        await send(COMPLETE)
        await receive()

    host.reuse = ReuseLimits(requests=3)
    answers = served(host, app, 3, reuse=Reuse(after_failure=True))

    assert [answer.status for answer in answers] == [500, 200, 200]
    assert events == ["startup"] * 2


def test_an_exception_during_startup_is_said(host: Host, capsys) -> None:
    """The specification demands that the app is still served."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            raise LookupError("lamp")
        await hello(send)

    (answer,) = served(host, app)

    assert bytes(answer.body) == b"hello"
    assert "LookupError: lamp" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"type": "lifespan.shutdown.failed", "message": "lamp"},
            "the app's shutdown failed: lamp",
        ),
        ({"type": "http.response.start"}, "which is not an event of the ASGI lifespan"),
        (COMPLETE, "the app sent lifespan.startup.complete, but its startup is not running"),
    ],
)
def test_a_shutdown_that_fails_is_said(host: Host, capsys, events, event, text) -> None:
    (answer,) = served(host, recording(events, shutdown=[event]))

    assert bytes(answer.body) == b"hello"
    assert text in capsys.readouterr().err


def test_a_lifespan_that_ends_early_is_said(host: Host, capsys) -> None:
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.sleep(0)
            await hello(send)
            return
        await receive()
        await send(COMPLETE)
        raise LookupError("lamp")

    (answer,) = served(host, app)

    assert bytes(answer.body) == b"hello"
    assert "LookupError: lamp" in capsys.readouterr().err


def test_a_shutdown_event_before_startup_is_an_error(host: Host, capsys, events) -> None:
    wrong = [{"type": "lifespan.shutdown.complete"}]
    served(host, recording(events, startup=wrong))

    assert "but its shutdown is not running" in capsys.readouterr().err


def test_a_startup_that_waits_forever_is_a_500(host: Host, capsys) -> None:
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await receive()

    (answer,) = served(host, app)

    assert answer.status == 500
    assert "deadlock" in capsys.readouterr().err


def test_objects_of_the_startup_belong_to_the_loop_of_the_requests(host: Host) -> None:
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["lock"] = lock = asyncio.Lock()
            scope["state"]["task"] = asyncio.create_task(asyncio.sleep(0, "done"))
            async with lock:
                await send(COMPLETE)
                await receive()
            return
        await scope["state"]["task"]
        waiting = asyncio.create_task(scope["state"]["lock"].acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        await hello(send)

    (answer,) = served(host, app)

    assert bytes(answer.body) == b"hello"


def test_the_startup_is_not_part_of_a_request(host: Host, events) -> None:
    """What it opens must not be closed with the first request."""

    async def app(scope, receive, send):
        events.append(request_local() is None)
        await ignoring(scope, receive, send)

    served(host, app)

    assert events == [True, False]


def test_why_a_startup_failed_is_said_once(host: Host, capsys) -> None:
    @asynccontextmanager
    async def lifespan(app):
        raise LookupError("lamp")
        yield

    (answer,) = served(host, Starlette(lifespan=lifespan))

    assert answer.status == 500
    assert capsys.readouterr().err.count("raise LookupError") == 1


def test_a_failure_without_a_message_has_its_traceback(host: Host, capsys) -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed"})
        raise LookupError("lamp")

    (answer,) = served(host, app)

    assert answer.status == 500
    assert "LookupError: lamp" in capsys.readouterr().err


def test_a_lifespan_that_fails_during_a_request_is_said(host: Host, capsys) -> None:
    failing = asyncio.Event()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            failing.set()
            await asyncio.sleep(0)
            await hello(send)
            return

        async def fail():
            await failing.wait()
            raise LookupError("lamp")

        await receive()
        await send(COMPLETE)
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await receive()

    (answer,) = served(host, app)

    assert bytes(answer.body) == b"hello"
    assert "LookupError: lamp" in capsys.readouterr().err


def test_a_shutdown_that_raises_is_said(host: Host, capsys) -> None:
    @asynccontextmanager
    async def lifespan(app):
        yield
        raise LookupError("lamp")

    (answer,) = served(host, Starlette(lifespan=lifespan))

    assert answer.status == 404
    assert capsys.readouterr().err.count("raise LookupError") == 1
