"""Functions that frameworks run in threads."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

name: ContextVar[str] = ContextVar("name", default="unknown")


def where() -> threading.Thread:
    return threading.current_thread()


async def with_executor(function):
    with ThreadPoolExecutor() as executor:
        return await asyncio.get_running_loop().run_in_executor(executor, function)


@pytest.mark.parametrize(
    "run",
    [anyio.to_thread.run_sync, asyncio.to_thread, sync_to_async, with_executor],
    ids=["anyio", "asyncio", "asgiref", "executor"],
)
def test_a_function_runs_in_the_thread_of_the_loop(ask, run) -> None:
    async def app(scope, receive, send):
        made = run(where)
        found = await (made if asyncio.iscoroutine(made) else made())
        assert found is where()
        await PlainTextResponse("hello")(scope, receive, send)

    asked = ask(app)

    assert asked.body == b"hello", asked.log


def test_elsewhere_anyio_runs_it_in_a_thread() -> None:
    assert anyio.run(anyio.to_thread.run_sync, where) is not where()


def test_a_function_has_a_copy_of_the_context(ask) -> None:
    def rename() -> str:
        before = name.get()
        name.set("Grace")
        return before

    async def app(scope, receive, send):
        name.set("Ada")
        found = [await anyio.to_thread.run_sync(rename), name.get()]
        await PlainTextResponse(" ".join(found))(scope, receive, send)

    assert ask(app).body == b"Ada Ada"


def test_a_limiter_is_respected(ask) -> None:
    async def app(scope, receive, send):
        limiter = anyio.CapacityLimiter(1)
        found = []

        async def later():
            await anyio.to_thread.run_sync(lambda: found.append("later"), limiter=limiter)

        async with limiter, asyncio.TaskGroup() as group:
            group.create_task(later())
            await asyncio.sleep(0)
            found.append("first")
            limiter.release()
            await asyncio.sleep(0)
            await limiter.acquire()
        await PlainTextResponse(" ".join(found))(scope, receive, send)

    asked = ask(app)

    assert asked.body == b"first later", asked.log


def endpoint(request):
    return PlainTextResponse(f"hello, {request.query_params['name']}")


def failing(request):
    raise LookupError("lamp")


done: list[str] = []


def background(request):
    return PlainTextResponse("first", background=BackgroundTask(done.append, "then this"))


def streamed(request):
    return StreamingResponse(iter(["one ", "two"]), media_type="text/plain")


async def iterated(request):
    pieces = [piece async for piece in iterate_in_threadpool(iter("abc"))]
    return PlainTextResponse("".join(pieces))


async def file(request):
    return FileResponse(__file__)


async def opened(request):
    async with await anyio.open_file(__file__) as source:
        return PlainTextResponse(await source.read())


paths = [endpoint, failing, background, streamed, iterated, file, opened]
starlette = Starlette(routes=[Route(f"/{path.__name__}", path) for path in paths])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("endpoint?name=Ada", b"hello, Ada"),
        ("background", b"first"),
        ("streamed", b"one two"),
        ("iterated", b"abc"),
    ],
)
def test_starlettes_synchronous_code_works(ask, path, body) -> None:
    done.clear()
    asked = ask(starlette, uri=f"http://a/{path}")

    assert (asked.status, asked.body, asked.complete) == (200, body, True), asked.log
    assert done == (["then this"] if path == "background" else [])


@pytest.mark.parametrize("path", ["file", "opened"])
def test_starlette_sends_files(ask, path) -> None:
    with open(__file__, "rb") as source:  # noqa: PTH123
        content = source.read()

    assert ask(starlette, uri=f"http://a/{path}").body == content


def test_starlette_sends_a_range_of_a_file(ask) -> None:
    asked = ask(starlette, uri="http://a/file", headers=[("range", b"bytes=0-2")])

    assert (asked.status, asked.body) == (206, b'"""')


def test_an_exception_of_a_synchronous_endpoint_is_a_500(ask) -> None:
    asked = ask(starlette, uri="http://a/failing")

    assert asked.status == 500
    assert "LookupError: lamp" in asked.log


def test_asgiref_starts_no_thread(ask) -> None:
    async def app(scope, receive, send):
        async with ThreadSensitiveContext():
            found = [await sync_to_async(where)() is where()]
            found.append(await sync_to_async(where, thread_sensitive=False)() is where())
        await PlainTextResponse(f"{found}")(scope, receive, send)

    asked = ask(app)

    assert asked.body == b"[True, True]", asked.log
    assert "starts a thread" not in asked.log


@pytest.mark.parametrize(
    "back", [anyio.from_thread.run, lambda function: async_to_sync(function)()]
)
def test_a_function_cannot_call_back_into_the_loop(ask, back) -> None:
    async def hello() -> None:
        pass

    async def app(scope, receive, send):
        with pytest.raises(RuntimeError):
            await anyio.to_thread.run_sync(back, hello)
        await PlainTextResponse("refused")(scope, receive, send)

    assert ask(app).body == b"refused"
