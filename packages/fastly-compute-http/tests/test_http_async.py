"""Coroutine functions as handlers, and what can be awaited, on the native host."""

import asyncio

from fastly_compute.http import (
    IncomingRequest,
    PendingResponse,
    Request,
    Response,
)

LONG = 30


def get(url: str, backend: str = "origin") -> PendingResponse:
    return Request("GET", url).send_async(backend)


async def body(response: Response) -> bytes:
    return b"".join([piece async for piece in response.body])


def test_a_coroutine_function_awaits_requests_that_overlap(ask, origin):
    async def handle(request: IncomingRequest) -> Response:
        both = await asyncio.gather(get(f"{origin}/together?1"), get(f"{origin}/together?2"))
        return Response.text(" ".join([(await body(response)).decode() for response in both]))

    assert ask(handle).body == b"/together?1 /together?2"
