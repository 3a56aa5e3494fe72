"""`AsyncClient` in handlers that are coroutine functions."""

import asyncio
import json

import httpx
import pytest

from fastly_compute.http import Response, service
from fastly_compute.httpx import AsyncClient
from fastly_compute.local import Incoming, NativeApp


@pytest.fixture
def run(host):
    """Run a coroutine function as a handler; it returns JSON."""

    def run(work):
        @service
        async def app(request):
            return Response.json(await work(AsyncClient()))

        answer = host.request(NativeApp(app), Incoming(uri="http://shop.example/"))
        assert answer.status == 200, bytes(answer.body)
        return json.loads(bytes(answer.body))

    return run


def test_requests_are_sent_at_once(run, origin):
    async def work(client):
        found = await asyncio.gather(*(client.get(f"{origin.url}/together?{n}") for n in range(3)))
        return [response.text for response in found]

    assert run(work) == ["together"] * 3


@pytest.mark.parametrize(
    ("content", "length"), [(b"bytes", "5"), ("generator", None), ("file", None)]
)
def test_bodies_are_sent_whole(run, origin, content, length):
    async def pieces():
        for piece in (b"one ", b"", b"two"):
            await asyncio.sleep(0)
            yield piece

    async def work(client):
        if content == "file":
            response = await client.post(origin.url, files={"f": b"content"})
        else:
            sent = pieces() if content == "generator" else content
            response = await client.post(origin.url, content=sent)
        return response.json()

    seen = run(work)
    if content == "file":
        assert int(seen["headers"]["content-length"]) == len(seen["body"])
    else:
        assert seen["body"] == ("one two" if content == "generator" else "bytes")
        assert seen["headers"].get("content-length") == length


@pytest.mark.parametrize(("count", "message"), [(3, "Too little data"), (5, "Too much data")])
def test_a_body_has_the_length_that_is_declared(run, origin, count, message):
    async def pieces():
        for _ in range(count):
            yield b"x"

    async def work(client):
        with pytest.raises(httpx.LocalProtocolError, match=message):
            await client.post(origin.url, content=pieces(), headers={"Content-Length": "4"})
        return (await client.get(origin.url)).status_code

    assert run(work) == 200


def test_the_exception_of_a_generator_aborts_the_request(run, origin):
    async def broken():
        yield b"half"
        raise LookupError("no more")

    async def work(client):
        with pytest.raises(LookupError, match="no more"):
            await client.post(origin.url, content=broken())
        return (await client.get(origin.url)).status_code

    assert run(work) == 200


def test_a_cancelled_request_is_closed(run, origin):
    async def work(client):
        started = asyncio.Event()
        client.event_hooks = {"request": [lambda request: told(started)]}
        task = asyncio.create_task(client.get(f"{origin.url}/never", timeout=60))
        await started.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        client.event_hooks = {}
        return (await client.get(origin.url)).status_code

    async def told(event):
        event.set()

    assert run(work) == 200


def test_a_request_whose_body_is_being_made_can_be_cancelled(run, origin):
    async def work(client):
        waiting = asyncio.Event()

        async def pieces():
            yield b"half"
            waiting.set()
            await asyncio.sleep(3600)

        task = asyncio.create_task(client.post(origin.url, content=pieces()))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return (await client.get(origin.url)).status_code

    assert run(work) == 200


def test_responses_are_streamed(run, origin):
    async def work(client):
        async with client.stream("GET", f"{origin.url}/large") as response:
            size = sum([len(piece) async for piece in response.aiter_raw(1000)])
        async with client.stream("GET", f"{origin.url}/large") as response:
            await anext(response.aiter_raw(10))
        unpacked = await client.get(f"{origin.url}/gzip")
        return [size, response.is_closed, unpacked.text]

    assert run(work) == [1_000_000, True, "unpacked"]


def test_a_truncated_response_raises(run, origin):
    async def work(client):
        for path in ("truncated", "truncated-chunks", "closed", "garbage"):
            with pytest.raises(httpx.RemoteProtocolError) as caught:
                await client.get(f"{origin.url}/{path}")
            assert caught.value.request.url.path == f"/{path}"
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/")
        return True

    assert run(work)


def test_a_body_of_the_wrong_kind_is_refused(run, origin):
    async def work(client):
        request = httpx.Request("POST", origin.url, content=iter([b"x"]))
        with pytest.raises(TypeError, match="the body is a plain iterable"):
            await client._transport.handle_async_request(request)
        return True

    assert run(work)
