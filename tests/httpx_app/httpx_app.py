"""What httpx does on every host: the body of a request names a function below."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx

from fastly_compute.http import IncomingRequest, Response, Reuse, service
from fastly_compute.httpx import AsyncClient, AsyncTransport, Client, Transport
from fastly_compute.secret_store import Secret

client = Client(follow_redirects=True)
async_client = AsyncClient()
visitors = Client(cookies={"app": "1"})
service_account = Client(keep_cookies=True)
served: list[str] = []


async def sent(url: str) -> object:
    """A GET and a POST."""
    got = client.get(f"{url}/get", params={"a": "b c"}, headers={"X-Own": "yes"})
    posted = await async_client.post(f"{url}/post", json=[1])
    return [[got.status_code, got.http_version, got.reason_phrase], got.json(), posted.json()]


async def given(url: str) -> object:
    """A backend for one request, for a client, and for a URL."""
    mounted = Client(mounts={"http://shop.example": Transport("origin")})
    transport = AsyncTransport("origin", ignore_timeout=True)
    waiting = httpx.AsyncClient(transport=transport, timeout=60)
    extensions = {"fastly_backend": "origin"}
    return [
        client.get("http://a.example/1", extensions=extensions).json()["path"],
        Client(backend="origin").get("http://b.example/2").json()["path"],
        mounted.get("http://shop.example/3").json()["path"],
        (await waiting.get("http://c.example/4")).json()["path"],
    ]


async def counted() -> AsyncIterator[bytes]:
    for number in range(100):
        await asyncio.sleep(0)
        yield b"%d," % number


async def streamed(url: str) -> object:
    """Bodies that are sent while they are made, and read while they arrive."""
    up = client.post(f"{url}/post", content=(b"%d," % number for number in range(100)))
    async_up = await async_client.post(f"{url}/post", content=counted())
    sizes = []
    with client.stream("GET", f"{url}/zeros/300000") as response:
        sizes.append(sum(len(piece) for piece in response.iter_raw()))
    async with async_client.stream("GET", f"{url}/zeros/300000") as response:
        sizes.append(sum([len(piece) async for piece in response.aiter_raw()]))
    with client.stream("GET", f"{url}/zeros/300000") as response:
        next(response.iter_raw(10))
    unzipped = await async_client.get(f"{url}/gzip")
    return [up.json()["body"], async_up.json()["body"], sizes, unzipped.text]


async def together(url: str) -> object:
    """Requests, none of which the origin answers before it has all of them."""
    found = await asyncio.gather(*(async_client.get(f"{url}/together?{n}") for n in range(3)))
    return [response.text for response in found]


async def cancelled(url: str) -> object:
    """A request that the origin never answers, and one after it."""
    try:
        async with asyncio.timeout(0.1):
            await async_client.get(f"{url}/never", timeout=60)
    except TimeoutError:
        return (await async_client.get(f"{url}/get")).status_code


async def failed(url: str) -> object:
    """The classes of errors: that of httpx, and its cause."""
    found = {}
    for path in ("closed", "garbage", "truncated", "truncated_chunks"):
        for used in ("get", "stream"):
            try:
                if used == "get":
                    client.get(f"{url}/{path}")
                else:
                    async with async_client.stream("GET", f"{url}/{path}") as response:
                        await response.aread()
            except httpx.TransportError as error:
                kinds = [type(error).__name__, type(error.__cause__).__name__]
                found[f"{used} {path}"] = [*kinds, error.request.url.path]
    try:
        client.get("http://127.0.0.1:1/")
    except httpx.TransportError as error:
        found["refused"] = [type(error).__name__, type(error.__cause__).__name__]
    return found


async def verified(url: str, authority: str, certificate: str, key: str) -> object:
    """An origin of a private authority: without it, with it, and with a certificate."""
    cert = (certificate, Secret.from_bytes(key.encode()))
    found = []
    for options in ({}, {"verify": authority}, {"verify": authority, "cert": cert}):
        try:
            found.append(Client(**options).get(url).json())
        except httpx.NetworkError as error:
            found.append(type(error).__name__)
    return found


async def visited(url: str, visitor: str) -> object:
    """Cookies of clients of the module, in a sandbox that serves one visitor after the other."""
    found = []
    for used in (visitors, service_account):
        before = dict(used.cookies)
        used.get(f"{url}/cookies", params={"set-cookie": f"visitor={visitor}; Path=/"})
        found.append([before, used.get(f"{url}/cookies").text])
    served.append(visitor)
    return [*found, served]


WORK = {
    function.__name__: function
    for function in (*(sent, given, streamed, together, cancelled, failed, verified, visited),)
}


async def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    return Response.json(await WORK[asked.pop("do")](**asked))


HttpIncoming = service(handle, reuse=Reuse())
