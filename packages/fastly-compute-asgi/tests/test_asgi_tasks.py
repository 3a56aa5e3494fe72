"""Tasks that outlive the coroutine that started them: of a request, and of the lifespan."""

import asyncio
import logging

import pytest
from quart import Quart

from fastly_compute.asgi import AsgiHttpIncoming, request_tasks
from fastly_compute.http import Reuse
from fastly_compute.local import Host, Incoming, NativeApp, ReuseLimits


async def hello(send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_task_of_a_request_ends_after_the_response(ask, caplog) -> None:
    events = []

    async def later():
        await asyncio.sleep(0.01)
        asyncio.create_task(latest())  # noqa: RUF006 - nothing waits for it
        events.append("later")

    async def latest():
        await asyncio.sleep(0.01)
        events.append("latest")

    async def app(scope, receive, send):
        scope["state"]["task"] = asyncio.create_task(later())
        await hello(send)
        events.append("sent")

    asked = ask(app)

    assert asked.body == b"hello"
    assert events == ["sent", "later", "latest"]
    assert caplog.text == ""


def test_quarts_background_tasks_end(ask, caplog) -> None:
    app, counted = Quart(__name__), []

    async def count(number):
        await asyncio.sleep(0.01)
        counted.append(number)

    @app.get("/")
    async def page():
        app.add_background_task(count, 1)
        app.add_background_task(count, 2)
        return "hello"

    asked = ask(app)

    assert asked.body == b"hello"
    assert counted == [1, 2]
    assert caplog.text == ""


def test_the_client_of_an_app_that_fails_does_not_wait_for_its_tasks(ask) -> None:
    events = []

    async def later(request):
        await asyncio.sleep(0.01)
        events.append(request.answered)

    async def app(scope, receive, send):
        scope["state"]["task"] = asyncio.create_task(later(scope["fastly.request"]))
        raise LookupError("lamp")

    asked = ask(app)

    assert asked.status == 500
    assert events == [True]


def test_a_task_that_fails_after_the_response_is_in_the_log(ask, caplog) -> None:
    async def fail():
        await asyncio.sleep(0.01)
        raise LookupError("lamp")

    async def app(scope, receive, send):
        asyncio.create_task(fail())  # noqa: RUF006 - nothing waits for it
        await hello(send)

    assert ask(app).body == b"hello"
    assert "LookupError: lamp" in caplog.text


def test_a_task_that_fails_when_it_is_cancelled_is_in_the_log(ask, caplog) -> None:
    async def fail():
        try:
            await asyncio.sleep(3600)
        finally:
            raise LookupError("lamp")

    async def app(scope, receive, send):
        scope["state"]["task"] = asyncio.create_task(fail())
        await hello(send)

    assert ask(app).body == b"hello"
    assert "LookupError: lamp" in caplog.text


@pytest.mark.parametrize("pause", [0, 0.01])
def test_a_task_that_does_not_end_is_cancelled(ask, caplog, monkeypatch, pause) -> None:
    monkeypatch.setattr(request_tasks, "LONGEST", 0.05)
    ended = []

    async def tick():
        try:
            while True:
                await asyncio.sleep(pause)
        finally:
            ended.append(True)

    async def app(scope, receive, send):
        scope["state"]["task"] = asyncio.create_task(tick(), name="ticker")
        await hello(send)

    with caplog.at_level(logging.WARNING):
        assert ask(app).body == b"hello"
    assert ended == [True]
    assert "task ticker (test_a_task_that_does_not_end" in caplog.text
    assert "did not end within 0.05 s after the response" in caplog.text


def test_a_task_that_nothing_can_wake_up_is_cancelled_at_once(ask, caplog, monkeypatch) -> None:
    """It would wait for a week."""
    monkeypatch.setattr(request_tasks, "LONGEST", 7 * 24 * 3600)
    queue: asyncio.Queue[int] = asyncio.Queue()
    done = []

    async def work():
        while True:
            done.append(await queue.get())

    async def put():
        await asyncio.sleep(0.01)
        queue.put_nowait(1)

    async def app(scope, receive, send):
        scope["state"]["tasks"] = [asyncio.create_task(work()), asyncio.create_task(put())]
        await hello(send)

    with caplog.at_level(logging.WARNING):
        assert ask(app).body == b"hello"
    assert done == [1]
    assert "work" in caplog.text


def test_a_task_of_the_lifespan_outlives_the_request_that_woke_it_up(host: Host, caplog) -> None:
    events = []

    async def refresh(requested, refreshed):
        await requested.wait()
        while len(events) < 2:
            await asyncio.sleep(0.01)
        refreshed.set()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            state = scope["state"]
            state["wake"], state["refreshed"] = asyncio.Event(), asyncio.Event()
            await send({"type": "lifespan.startup.complete"})
            await state["wake"].wait()
            # A request is running now.
            state["task"] = asyncio.create_task(refresh(state["wake"], state["refreshed"]))
            await receive()
            return
        events.append("request")
        scope["state"]["wake"].set()
        await asyncio.sleep(0)
        if len(events) == 2:
            await scope["state"]["refreshed"].wait()
            events.append("refreshed")
        await hello(send)

    host.reuse = ReuseLimits(requests=2)
    service = NativeApp(AsgiHttpIncoming(app, reuse=Reuse()))
    answers = host.requests(service, [Incoming()] * 2)

    assert [bytes(answer.body) for answer in answers] == [b"hello"] * 2
    assert events == ["request", "request", "refreshed"]
    assert caplog.text == ""
