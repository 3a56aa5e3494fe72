"""The request of the package http for one of httpx."""

from collections.abc import AsyncGenerator, Iterator
from typing import Final

import httpx
from fastly_compute import http
from fastly_compute.http import BodyLike, CacheOptions

CACHE: Final = "fastly_cache"
"""The extension that says how the platform's cache treats one request."""

_SCHEMES = frozenset({"http", "https"})
# Framing and connections are the host's.
_DROPPED = frozenset({b"connection", b"transfer-encoding"})
_LENGTH = b"content-length"
_REFUSED = {
    "sni_hostname": "pass a DynamicBackendConfig with sni_hostname= as the backend",
    "target": "the platform derives the target from the URL",
    "trace": "the platform does not report the steps of a request; use the client's event_hooks",
}


def check_extensions(request: httpx.Request) -> None:
    """Refuse the extensions of httpx's own transport that would have no effect here.

    Raises:
        NotImplementedError: The request has one of them.
        TypeError: The extension `CACHE` is not `CacheOptions`.
    """
    for name, instead in _REFUSED.items():
        if name in request.extensions:
            raise NotImplementedError(f"the extension {name!r} is not supported: {instead}")
    cache = request.extensions.get(CACHE)
    if cache is not None and not isinstance(cache, CacheOptions):
        raise TypeError(f"the extension {CACHE!r} must be CacheOptions, not {type(cache).__name__}")


def announced_length(request: httpx.Request) -> int | None:
    """Read Content-Length.

    Raises:
        LocalProtocolError: It is not one number.
    """
    values = [value for name, value in request.headers.raw if name.lower() == _LENGTH]
    if not values:
        return None
    if len(set(values)) > 1 or not values[0].isdigit():
        raise httpx.LocalProtocolError(
            f"bad Content-Length: {b', '.join(values).decode('latin-1')!r} is not a number of "
            "bytes",
            request=request,
        )
    return int(values[0])


def outgoing(request: httpx.Request, body: BodyLike, cache: CacheOptions | None) -> http.Request:
    """Make the request to send.

    Args:
        request: The request of httpx.
        body: Its body; what is not in memory is framed by the request's Content-Length, if any.
        cache: What the cache does where the request does not say.

    Returns:
        The request of the package http.

    Raises:
        HttpError: The URL, the method or a header cannot be sent.
        UnsupportedProtocol: The URL is neither ``http`` nor ``https``.
    """
    url = request.url
    if url.scheme not in _SCHEMES:
        raise httpx.UnsupportedProtocol(_unsupported(url.scheme), request=request)
    keeps_length = not isinstance(body, bytes) and announced_length(request) is not None
    return http.Request(
        request.method,
        f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}",
        headers=[
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if (lower := name.lower()) not in _DROPPED and (keeps_length or lower != _LENGTH)
        ],
        body=body,
        cache=request.extensions.get(CACHE) or cache,
        manual_framing=keeps_length,
    )


def _unsupported(scheme: str) -> str:
    if not scheme:
        return "Request URL is missing an 'http://' or 'https://' protocol."
    return f"Request URL has an unsupported protocol '{scheme}://'."


class Counted:
    """Checks that a body has as many bytes as its Content-Length says.

    A backend would take what is missing or left over for the next request on the connection.
    """

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self._length = announced_length(request)
        self._sent = 0

    def whole(self, stream: httpx.ByteStream) -> bytes:
        """Return a body that is in memory.

        Raises:
            LocalProtocolError: It has another length.
        """
        body = self.count(b"".join(stream))
        self.end()
        return body

    def count(self, piece: bytes) -> bytes:
        """Count a piece, and return it.

        Raises:
            LocalProtocolError: It is more than the rest of the length.
        """
        self._sent += len(piece)
        if self._length is not None and self._sent > self._length:
            raise self._error("Too much data")
        return piece

    def end(self) -> None:
        """Check the end of the body.

        Raises:
            LocalProtocolError: The body is too short.
        """
        if self._length is not None and self._sent < self._length:
            raise self._error("Too little data")

    def _error(self, what: str) -> httpx.LocalProtocolError:
        return httpx.LocalProtocolError(
            f"{what} for declared Content-Length of {self._length} bytes", request=self._request
        )

    def pieces(self, stream: httpx.SyncByteStream) -> Iterator[bytes]:
        """Yield the pieces of a stream."""
        for piece in stream:
            yield self.count(piece)
        self.end()

    async def async_pieces(self, stream: httpx.AsyncByteStream) -> AsyncGenerator[bytes, None]:
        """Yield the pieces of a stream."""
        async for piece in stream:
            yield self.count(piece)
        self.end()
