"""The clients of httpx, with the transports of this package."""

from collections.abc import Mapping
from typing import Unpack

import httpx
from fastly_compute.httpx.cookies import RequestCookies
from fastly_compute.httpx.options import ClientOptions, TransportOptions, split
from fastly_compute.httpx.transports import AsyncTransport, Transport


class Client(RequestCookies, httpx.Client):
    """An `httpx.Client` that sends requests through backends.

    A client of the app's module serves one visitor after the other where a sandbox is reused, and
    on the native host several at once. So each client's request has its own `cookies`: a copy of
    those that were set where the app is imported, which is forgotten at the request's end. With
    ``keep_cookies=True`` they are shared instead.

    Args:
        transport: What sends the requests; by default a `Transport` with the arguments
            ``backend``, ``verify``, ``cert``, ``cache`` and ``ignore_timeout``.
        mounts: Other transports, by URL patterns of httpx.
        **options: The arguments of `Transport`; those of `httpx.Client`; and ``keep_cookies``.
            ``trust_env`` has no effect: the environment is not read.

    Raises:
        NotImplementedError: ``proxy``, ``limits``, ``http1`` or ``http2`` asks for something that
            the platform does not have; certificates are not to be verified, or are files.
        TypeError: An argument is of the wrong type, or unknown.
        ValueError: An argument for the transport would have no effect on the one that is given.

    Example:
        >>> from fastly_compute.httpx import Client
        >>> client = Client(base_url="https://api.example", timeout=2)
        >>> def orders() -> list[str]:
        ...     return client.get("/orders").json()
    """

    def __init__(
        self,
        *,
        transport: httpx.BaseTransport | None = None,
        mounts: Mapping[str, httpx.BaseTransport | None] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        ours, theirs = split(options)
        if transport is not None:
            _check_unused(ours)
        super().__init__(
            transport=transport or Transport(**ours), mounts=mounts, trust_env=False, **theirs
        )
        self.keep_cookies = options.get("keep_cookies", False)


class AsyncClient(RequestCookies, httpx.AsyncClient):
    """An `httpx.AsyncClient` that sends requests through backends; see `Client`.

    Args:
        transport: What sends the requests; by default an `AsyncTransport`.
        mounts: Other transports, by URL patterns of httpx.
        **options: As for `Client`.

    Raises:
        NotImplementedError: As for `Client`, like the errors below.
        TypeError: An argument is of the wrong type, or unknown.
        ValueError: An argument for the transport would have no effect on the one that is given.

    Example:
        >>> import asyncio
        >>> from fastly_compute.http import IncomingRequest, Response
        >>> from fastly_compute.httpx import AsyncClient
        >>> client = AsyncClient()
        >>> async def handle(request: IncomingRequest) -> Response:
        ...     urls = ["https://news.example/", "https://stocks.example/"]
        ...     found = await asyncio.gather(*map(client.get, urls))
        ...     return Response.json([response.json() for response in found])
    """

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        mounts: Mapping[str, httpx.AsyncBaseTransport | None] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        ours, theirs = split(options)
        if transport is not None:
            _check_unused(ours)
        super().__init__(
            transport=transport or AsyncTransport(**ours), mounts=mounts, trust_env=False, **theirs
        )
        self.keep_cookies = options.get("keep_cookies", False)


def _check_unused(options: TransportOptions) -> None:
    for name in options:
        raise ValueError(
            f"{name}= has no effect on the transport that is given: pass it to that transport"
        )
