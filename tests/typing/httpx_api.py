"""The clients for httpx as a type checker sees them: checked against the wheels, never run."""

from typing import Unpack, assert_type

import httpx

from fastly_compute.backend import Backend, DynamicBackendConfig
from fastly_compute.http import CacheOptions
from fastly_compute.httpx import AsyncClient, AsyncTransport, Client, ClientOptions, Transport
from fastly_compute.secret_store import Secret


def made(pem: str, key: Secret, **options: Unpack[ClientOptions]) -> httpx.Client:
    client = Client(backend="api", verify=pem, cert=(pem, key), timeout=2, cookies={"a": "b"})
    assert_type(client.get("https://api.example"), httpx.Response)
    assert_type(client.cookies, httpx.Cookies)
    Client(mounts={"https://api.example": Transport(Backend.open("api"))}, **options)
    Client(backend=DynamicBackendConfig(target="api.example"), cache=CacheOptions(ttl=5))
    Client(http2=True)  # type: ignore[call-arg]
    Client(transport=AsyncTransport())  # type: ignore[arg-type]
    Transport(1)  # type: ignore[arg-type]
    return client


async def awaited() -> httpx.Response:
    async with AsyncClient(keep_cookies=True, ignore_timeout=True) as client:
        return await client.get("https://api.example", extensions={"fastly_backend": "api"})
