"""The bodies of responses, as httpx reads them."""

from collections.abc import AsyncIterator, Iterator

import httpx
from fastly_compute import http
from fastly_compute.httpx.errors import READING, translating


class ResponseStream(httpx.SyncByteStream):
    """The undecoded body of a response."""

    def __init__(self, received: http.Response, request: httpx.Request) -> None:
        self._received = received
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with translating(self._request, READING):
            yield from self._received.body.iter_bytes()

    def close(self) -> None:
        """Release the response. What was not read of it cannot be read any more."""
        self._received.close()


class AsyncResponseStream(httpx.AsyncByteStream):
    """The undecoded body of a response; other tasks run while the next piece has not arrived."""

    def __init__(self, received: http.Response, request: httpx.Request) -> None:
        self._received = received
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with translating(self._request, READING):
            async for piece in self._received.body:
                yield piece

    async def aclose(self) -> None:
        """Release the response. What was not read of it cannot be read any more."""
        self._received.close()


def response_of(
    received: http.Response,
    stream: httpx.SyncByteStream | httpx.AsyncByteStream,
) -> httpx.Response:
    """Make the response of httpx.

    Args:
        received: What the backend sent.
        stream: Its body.

    Returns:
        The response. Its extensions have the ``http_version``; a reason phrase is not passed on by
        the platform, and there is no ``network_stream``.
    """
    try:
        version = received.http_version or ""
        return httpx.Response(
            received.status,
            headers=[
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in received.headers.items()
            ],
            stream=stream,
            extensions={"http_version": version.encode("ascii")},
        )
    except BaseException:
        received.close()
        raise
