"""httpx with each host call failing that it makes: no other error than its own comes out."""

import httpx
import pytest

from fastly_compute.http import CacheOptions, Response, service
from fastly_compute.httpx import AsyncClient, Client
from fastly_compute.testing import inject_faults

pytestmark = pytest.mark.xdist_group("httpx-faults")

ORIGIN = "https://origin.example"


def scenario(compute_host, compute_client) -> None:
    origin = compute_host.target("origin.example")
    origin.get("/", text="hello", headers={"Set-Cookie": "a=1"})
    origin.get("/moved", status=302, headers={"Location": "/"})
    origin.post("/", json=[1])
    compute_host.backend("static").get("/", text="hello")
    compute_client.get("/")


async def get() -> None:
    client = Client(follow_redirects=True)
    assert client.get(f"{ORIGIN}/moved", params={"a": "b"}).text == "hello"


async def post() -> None:
    response = Client().post(ORIGIN, content=(piece for piece in (b"a", b"b")))
    assert response.json() == [1]


async def stream() -> None:
    client = Client(backend="static", cache=CacheOptions(pass_through=True))
    with client.stream("GET", ORIGIN) as response:
        assert b"".join(response.iter_raw(3)) == b"hello"


async def awaited() -> None:
    async def pieces():
        yield b"a"
        yield b"b"

    client = AsyncClient()
    assert (await client.post(ORIGIN, content=pieces())).json() == [1]
    async with client.stream("GET", ORIGIN) as response:
        assert b"".join([piece async for piece in response.aiter_raw()]) == b"hello"


@pytest.mark.parametrize(("work", "least"), [(get, 25), (post, 15), (stream, 15), (awaited, 20)])
def test_whichever_host_call_fails_the_error_is_one_of_httpx(work, least) -> None:
    caught, escaped = [], []

    async def handle(request):
        try:
            await work()
        except httpx.TransportError as error:
            caught.append(error.request is not None and error.__cause__ is not None)
            return Response.text("no answer", status=502)
        except Exception as error:
            escaped.append(repr(error))
            raise
        return Response.text("done")

    swept = inject_faults(service(handle), scenario, errors=["generic-error", "http-incomplete"])

    assert escaped == []
    assert len(swept.calls) >= least
    assert len(caught) >= least // 2
    assert all(caught)
