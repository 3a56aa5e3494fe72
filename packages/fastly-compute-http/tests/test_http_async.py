"""Coroutine functions as handlers, and what coroutines can await."""

import asyncio
import functools
import json
import logging
from collections.abc import AsyncIterator

import pytest

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    BodyIncomplete,
    CacheOptions,
    CandidateResponse,
    ConnectionRefused,
    IncomingRequest,
    PendingResponse,
    Request,
    Response,
    ResponseSent,
    Reuse,
    gather,
    service,
)
from fastly_compute.local import Incoming, NativeApp, ReuseLimits

MOMENT = 0.01
LONG = 30


def get(url: str, backend: str = "origin") -> PendingResponse:
    return Request("GET", url).send_async(backend)


async def read(response: Response) -> bytes:
    return b"".join([piece async for piece in response.body])


def test_requests_that_are_awaited_overlap(ask, origin):
    async def handle(request: IncomingRequest) -> Response:
        both = await asyncio.gather(get(f"{origin}/together?1"), get(f"{origin}/together?2"))
        return Response.text(" ".join([(await read(response)).decode() for response in both]))

    assert ask(handle).body == b"/together?1 /together?2"


def test_awaiting_takes_a_select_more_than_waiting(ask, origin, calls):
    async def handle(request: IncomingRequest) -> Response:
        pending = get(f"{origin}/404")
        calls.clear()
        await pending
        return Response.json(list(calls))

    assert json.loads(ask(handle).body) == ["async-io.select", "http-req.await_response"]


def test_reading_a_body_takes_a_select_only_if_something_else_can_happen(ask, origin, calls):
    async def handle(request: IncomingRequest) -> Response:
        alone, timed = [await get(f"{origin}/404") for _ in range(2)]
        found = []
        for response, timeout in ((alone, None), (timed, LONG)):
            calls.clear()
            async with asyncio.timeout(timeout):
                await read(response)
            found.append(list(calls))
        return Response.json(found)

    assert json.loads(ask(handle).body) == [
        ["http-body.read"] * 2,
        ["async-io.select_with_timeout", "http-body.read"] * 2,
    ]


def test_other_tasks_run_while_a_response_and_its_body_are_awaited(ask, talk):
    got = []
    told = asyncio.Event()

    async def client() -> None:
        response = await get(f"{talk.url}/a", "talk")
        got.append(response.status)
        told.set()
        async for piece in response.body:
            got.append(piece)
            told.set()

    async def peer() -> None:
        talk.until(b"\r\n\r\n")
        for data in (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n", b"one", b"two"):
            talk.send(data)
            await told.wait()
            told.clear()

    async def handle(request: IncomingRequest) -> Response:
        async with asyncio.timeout(LONG), asyncio.TaskGroup() as group:
            group.create_task(client())
            group.create_task(peer())
        return Response()

    assert ask(handle).status == 200
    assert got == [200, b"one", b"two"]


@pytest.mark.parametrize(
    "make",
    [
        lambda handle: handle,
        lambda handle: functools.partial(handle),
        lambda handle: lambda request: handle(request),
        lambda handle: type("Handler", (), {"__call__": lambda self, request: handle(request)})(),
    ],
)
def test_whatever_returns_a_coroutine_may_be_the_handler(ask, make):
    async def handle(request: IncomingRequest) -> Response:
        await asyncio.sleep(0)
        return Response.text("later")

    assert ask(make(handle)).body == b"later"


def test_a_handler_may_run_its_own_loop(ask, origin):
    async def both() -> list[int]:
        async with asyncio.timeout(LONG):
            return [r.status for r in await asyncio.gather(get(f"{origin}/404"), get(origin))]

    def handle(request: IncomingRequest) -> Response:
        with asyncio.Runner() as runner:
            first = runner.run(both())
        return Response.json([first, asyncio.run(both())])

    assert ask(handle).body == b"[[404,200],[404,200]]"


def test_the_exception_is_that_of_wait(ask):
    async def handle(request: IncomingRequest) -> Response:
        with pytest.raises(ConnectionRefused) as caught:
            await get("http://site.example/x", "unreachable")
        found = await asyncio.gather(
            get("http://site.example/x", "unreachable"), return_exceptions=True
        )
        return Response.text(f"{caught.value.backend} {type(found[0]).__name__}")

    assert ask(handle).body == b"unreachable ConnectionRefused"


def test_a_request_is_closed_when_its_task_is_cancelled(ask, talk):
    async def handle(request: IncomingRequest) -> Response:
        pending = get(f"{talk.url}/a", "talk")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pending, MOMENT)
        with pytest.raises(HandleClosed, match="this PendingResponse is closed"):
            await pending
        talk.until(b"\r\n\r\n")
        talk.answer("200 OK")
        return Response()

    assert ask(handle).status == 200


def test_a_timeout_leaves_a_shielded_request_open(ask, origin, origin_server):
    async def handle(request: IncomingRequest) -> Response:
        task = asyncio.ensure_future(get(f"{origin}/gate"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), MOMENT)
        origin_server.gate.set()
        return Response(body=(await task).body)

    assert ask(handle).body == b"open"


def test_a_response_is_awaited_once(ask, origin):
    async def handle(request: IncomingRequest) -> Response:
        pending = get(f"{origin}/404")
        status = (await pending).status
        with pytest.raises(HandleClosed, match="this PendingResponse was already awaited"):
            await pending
        return Response.text(str(status))

    assert ask(handle).body == b"404"


def test_a_response_is_awaited_by_one_task_only(ask, origin):
    async def handle(request: IncomingRequest) -> Response:
        pending = get(f"{origin}/404")
        first = asyncio.ensure_future(pending)
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task is already waiting for <Pending"):
            await pending
        return await first

    assert ask(handle).status == 404


@pytest.mark.parametrize(
    ("end", "why"), [(PendingResponse.close, "is closed"), (PendingResponse.wait, "was already")]
)
def test_a_task_finds_out_that_another_used_its_response(ask, origin, end, why):
    async def handle(request: IncomingRequest) -> Response:
        pending = get(f"{origin}/404")
        waiting = asyncio.ensure_future(pending)
        await asyncio.sleep(0)
        end(pending)
        with pytest.raises(HandleClosed, match=f"this PendingResponse {why}"):
            await waiting
        return Response()

    assert ask(handle).status == 200


def test_the_rest_of_a_body_breaks_off_as_it_does_without_a_loop(ask, origin):
    async def handle(request: IncomingRequest) -> Response:
        pieces = aiter((await get(f"{origin}/broken")).body)
        first = await anext(pieces)
        with pytest.raises(BodyIncomplete):
            await anext(pieces)
        return Response(body=first)

    assert ask(handle).body == b"half"


def test_the_clients_body_is_read_in_pieces(ask):
    async def handle(request: IncomingRequest) -> Response:
        return Response(body=b"|".join([piece async for piece in request.body]))

    assert ask(handle, method="POST", body=b"content").body == b"content"


def test_a_body_in_memory_needs_no_event_loop(calls, sandbox):
    async def main() -> list[bytes]:
        return [piece async for piece in Response(body=[b"a", b"", b"b"]).body]

    calls.clear()

    assert asyncio.run(main()) == [b"a", b"b"]
    assert calls == []


def hooked(url: str, seen: list[str]) -> PendingResponse:
    def after(response: CandidateResponse) -> None:
        seen.append("stored")

    return Request("GET", url, cache=CacheOptions(after_send=after)).send_async("origin")


def test_requests_for_the_same_response_wait_for_the_one_that_stores_it(ask, origin, origin_server):
    seen = []

    async def one() -> bytes:
        return await read(await hooked(f"{origin}/cached", seen))

    async def handle(request: IncomingRequest) -> Response:
        sent = hooked(f"{origin}/cached", seen)
        async with asyncio.timeout(LONG):
            found = await asyncio.gather(one(), one())
            return Response(body=[*found, await read(await sent)])

    assert ask(handle).body == b"cachedcachedcached"
    assert (seen, origin_server.hits["/cached"]) == (["stored"], 1)


@pytest.mark.parametrize("timeout", [None, LONG])
def test_a_task_waits_for_a_request_that_another_task_sent_and_does_not_await(ask, origin, timeout):
    async def send(event: asyncio.Event) -> bytes:
        pending = hooked(f"{origin}/cached", [])
        await event.wait()
        return await read(await pending)

    async def handle(request: IncomingRequest) -> Response:
        event = asyncio.Event()
        async with asyncio.timeout(timeout), asyncio.TaskGroup() as group:
            group.create_task(send(event))
            await asyncio.sleep(0)
            found = await read(await hooked(f"{origin}/cached", []))
            event.set()
        return Response(body=found)

    assert ask(handle).body == b"cached"


def test_a_pending_response_with_hooks_is_passed_on(ask, origin):
    seen = []

    async def handle(request: IncomingRequest) -> PendingResponse:
        await asyncio.sleep(0)
        return hooked(f"{origin}/cached", seen)

    assert ask(handle).body == b"cached"
    assert seen == ["stored"]


def test_a_pending_response_is_passed_on(ask, origin):
    async def handle(request: IncomingRequest) -> PendingResponse:
        await asyncio.sleep(0)
        return get(f"{origin}/404")

    assert ask(handle).body == b"not here"


def test_the_client_gets_its_response_before_the_handler_returns(ask):
    sent = []

    async def handle(request: IncomingRequest) -> ResponseSent:
        done = request.respond(Response.text("early"))
        await asyncio.sleep(0)
        sent.append(request.answered)
        return done

    assert ask(handle).body == b"early"
    assert sent == [True]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), asyncio.CancelledError()])
def test_an_exception_becomes_a_500(ask, capfd, error):
    async def handle(request: IncomingRequest) -> Response:
        await asyncio.sleep(0)
        raise error

    assert ask(handle).status == 500
    assert type(error).__name__ in capfd.readouterr().err


def test_nothing_is_not_a_response(ask, capfd):
    async def handle(request: IncomingRequest) -> None:
        await asyncio.sleep(0)

    assert ask(handle).status == 500
    assert "handle returned None, not a fastly_compute.http.Response" in capfd.readouterr().err


def test_the_error_handler_may_be_a_coroutine_function(ask, origin):
    async def handle(request: IncomingRequest) -> Response:
        raise LookupError("lamp")

    async def sorry(request: IncomingRequest, error: Exception) -> Response:
        response = await get(f"{origin}/404")
        return Response.text(f"{error!r} {response.status}", status=503)

    answer = ask(handle, on_error=sorry)

    assert (answer.status, answer.body) == (503, b"LookupError('lamp') 404")


def test_a_task_that_is_left_running_is_cancelled_and_named(ask, talk, caplog):
    ended = []

    async def tick() -> None:
        pending = get(f"{talk.url}/a", "talk")
        try:
            await pending
        finally:
            ended.append(pending.closed)
            talk.until(b"\r\n\r\n")
            talk.answer("200 OK")

    class Handler:
        async def __call__(self, request: IncomingRequest) -> Response:
            self.task = asyncio.create_task(tick(), name="ticker")
            await asyncio.sleep(0)
            return Response.text("bye")

    assert ask(Handler()).body == b"bye"
    assert ended == [True]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.name == "fastly_compute.http.event_loop"
    assert record.getMessage().startswith("task ticker (")
    assert "tick) was still running at the end of the request and was cancelled" in (
        record.getMessage()
    )


def test_a_task_that_the_handler_cancels_is_not_left_running(ask, caplog):
    async def handle(request: IncomingRequest) -> Response:
        asyncio.create_task(asyncio.sleep(LONG)).cancel()
        return Response()

    assert ask(handle).status == 200
    assert caplog.records == []


def test_each_request_of_a_reused_sandbox_has_a_loop_of_its_own(host, origin, caplog):
    loops = []

    async def handle(request: IncomingRequest) -> Response:
        loops.append(asyncio.get_running_loop())
        return Response(body=(await get(f"{origin}/404")).body)

    host.reuse = ReuseLimits(requests=10)
    app = NativeApp(service(handle, reuse=Reuse(max_requests=3)))
    answers = host.requests(app, [Incoming() for _ in range(3)])

    assert [bytes(answer.body) for answer in answers] == [b"not here"] * 3
    assert len(set(loops)) == 3
    assert all(loop.is_closed() for loop in loops)


class Produced:
    """An async generator that tells how far it came."""

    def __init__(self, *pieces: object) -> None:
        self.pieces = pieces
        self.state = "new"

    async def __call__(self) -> AsyncIterator[bytes]:
        self.state = "begun"
        try:
            for piece in self.pieces:
                await asyncio.sleep(0)
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
            self.state = "finished"
        except GeneratorExit:
            self.state = "closed"
            raise


def test_an_async_generator_is_a_response(ask):
    async def handle(request: IncomingRequest) -> AsyncIterator[bytes]:
        yield b"one "
        await asyncio.sleep(0)
        yield b"two"

    assert ask(handle).body == b"one two"


@pytest.mark.parametrize("is_async", [True, False])
def test_an_async_generator_is_the_body_of_a_response(ask, is_async):
    produced = Produced(b"one ", b"", b"two")

    def sync(request: IncomingRequest) -> Response:
        response = Response(201, {"x-a": "b"}, produced())
        response.body.trailers["x-end"] = "yes"
        return response

    async def handle(request: IncomingRequest) -> Response:
        return sync(request)

    answer = ask(handle if is_async else sync)

    assert (answer.status, answer.body, answer.complete) == (201, b"one two", True)
    assert ("x-end", b"yes") in [(name.lower(), value) for name, value in answer.trailers]
    assert produced.state == "finished"


def test_a_body_that_fails_at_once_becomes_a_500(ask, capfd):
    produced = Produced(ValueError("no lamp"))

    assert ask(lambda request: Response(body=produced())).status == 500
    assert "no lamp" in capfd.readouterr().err


@pytest.mark.parametrize("piece", [ValueError("no lamp"), "text"])
def test_a_body_that_fails_later_is_aborted(ask, capfd, piece):
    produced = Produced(b"one", piece, b"two")
    answer = ask(lambda request: Response(body=produced()))

    assert (answer.status, answer.body, answer.complete) == (200, b"one", False)
    assert ("no lamp" in (err := capfd.readouterr().err)) or "must be bytes, not str" in err


@pytest.mark.parametrize(
    ("method", "response"), [("HEAD", Response), ("GET", functools.partial(Response, 204))]
)
def test_a_body_that_is_not_sent_is_not_produced(ask, method, response):
    produced = Produced(b"one")

    assert ask(lambda request: response(body=produced()), method=method).body == b""
    assert produced.state == "new"


def test_a_body_is_closed_when_the_client_takes_no_more(ask, instead, capfd):
    produced = Produced(b"one", b"two", b"three")

    def refuse(write, body, data):
        if data == b"two":
            return 0
        return write(body, data)

    instead("http-body.write", refuse)
    ask(lambda request: Response(body=produced()))

    assert produced.state == "closed"
    assert "BodyWriteStalled" in capfd.readouterr().err


def test_a_produced_body_can_be_read_in_a_coroutine(sandbox):
    async def main() -> bytes:
        return await read(Response(body=Produced(b"one ", b"two")()))

    assert asyncio.run(main()) == b"one two"


@pytest.mark.parametrize(
    "use",
    [
        lambda request, response: response.body.read(),
        lambda request, response: request.respond(response),
        lambda request, response: request.respond_streaming(response),
        lambda request, response: Request("POST", "http://a/", body=response.body).send("origin"),
    ],
)
def test_an_async_body_cannot_be_used_without_await(ask, calls, use):
    def handle(request: IncomingRequest) -> Response:
        before = len(calls)
        with pytest.raises(TypeError, match="this body is an async iterable: return it from the"):
            use(request, Response(body=Produced(b"one")()))
        assert not [call for call in calls[before:] if "send" in call]
        return Response.text("refused")

    assert ask(handle).body == b"refused"


def test_a_request_takes_no_async_iterable(sandbox):
    with pytest.raises(TypeError, match="a body must be bytes, str, a binary file, an iterable"):
        Request("POST", "http://a/", body=Produced(b"one")())


def test_a_handler_without_coroutines_gathers_as_before(ask, origin):
    def handle(request: IncomingRequest) -> Response:
        return Response.json([r.status for r in gather([get(f"{origin}/404"), get(origin)])])

    assert ask(handle).body == b"[404,200]"
