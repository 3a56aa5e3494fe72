"""What coroutines do on every host: the path of a request names a function below."""

import asyncio
import time

from fastly_compute.http import IncomingRequest, PendingResponse, Request, Response, service


def get(path: str) -> PendingResponse:
    return Request("GET", f"http://origin.example{path}").send_async("origin")


async def read(response: Response) -> str:
    return b"".join([piece async for piece in response.body]).decode()


async def eight(request):
    """Eight requests, none of which the origin answers before it has them all."""
    started = time.monotonic()
    answers = await asyncio.gather(*(get(f"/eight?{i}") for i in range(8)))
    texts = [await read(answer) for answer in answers]
    return [texts, (time.monotonic() - started) * 1000]


def handle_sync(request):
    async def main():
        await asyncio.sleep(0.001)
        return "slept"

    return asyncio.run(main())


async def handle(request: IncomingRequest) -> Response:
    found = globals()[request.path.removeprefix("/")](request)
    if asyncio.iscoroutine(found):
        found = await found
    return found if isinstance(found, Response) else Response.json(found)


HttpIncoming = service(handle)
