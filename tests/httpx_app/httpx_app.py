"""What httpx does on every host: the path of a request names a function below."""

import httpx

from fastly_compute.httpx import AsyncClient, Client, Transport

client = Client(follow_redirects=True)
async_client = AsyncClient()
visitors = Client(cookies={"app": "1"})
service_account = Client(keep_cookies=True)
served = []


def shown(response: httpx.Response) -> list[object]:
    return [response.status_code, response.http_version, response.json()]


async def get(url: str, args: dict[str, str]) -> object:
    return shown(client.get(f"{url}/get", params={"a": "b c"}, headers={"X-Own": "yes"}))


async def given(url: str, args: dict[str, str]) -> object:
    """A backend for one request, for a transport, and for a URL."""
    mounted = Client(mounts={"http://shop.example": Transport("origin")})
    return [
        client.get("http://a.example/1", extensions={"fastly_backend": "origin"}).json()["path"],
        Client(backend="origin").get("http://b.example/2").json()["path"],
        mounted.get("http://shop.example/3").json()["path"],
    ]
