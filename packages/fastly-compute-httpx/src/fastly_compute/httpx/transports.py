"""The transports of httpx's clients, which send requests through backends."""

from collections.abc import Callable
from contextlib import aclosing
from typing import TypeAlias, TypeVarTuple

import httpx
from fastly_compute import http
from fastly_compute.backend import Backend, BackendOptions, ClientCert, DynamicBackendConfig
from fastly_compute.backend.adapting import (
    ca_certificate_from,
    checked_backend,
    client_cert_from,
)
from fastly_compute.http import CacheOptions
from fastly_compute.httpx.errors import SENDING, translating
from fastly_compute.httpx.outgoing import Counted, check_extensions, outgoing
from fastly_compute.httpx.streams import AsyncResponseStream, ResponseStream, response_of
from fastly_compute.httpx.targets import Target
from fastly_compute.secret_store import Secret

BackendLike: TypeAlias = Backend | DynamicBackendConfig | str | None
"""A backend, the configuration of a dynamic one, or a name; None for that of each URL."""

Cert: TypeAlias = ClientCert | tuple[str, Secret] | None
"""A client certificate in PEM, with its key."""

Ts = TypeVarTuple("Ts")


class _Settings:
    """The settings of a transport, and how a request is made with them."""

    def __init__(
        self,
        backend: BackendLike = None,
        *,
        verify: bool | str = True,
        cert: Cert = None,
        cache: CacheOptions | None = None,
        ignore_timeout: bool = False,
    ) -> None:
        if cache is not None and not isinstance(cache, CacheOptions):
            raise TypeError(f"cache must be CacheOptions, not {type(cache).__name__}")
        tls = BackendOptions()
        if verify is not True:
            tls["ca_certificate"] = ca_certificate_from(verify)
        if cert is not None:
            tls["client_cert"] = client_cert_from(cert)
        self._target = Target(checked_backend(backend), tls, ignore_timeout)
        self._cache = cache

    def _outgoing(
        self, request: httpx.Request, body: http.BodyLike
    ) -> tuple[http.Request, Backend | str]:
        check_extensions(request)
        sent = outgoing(request, body, self._cache)
        return sent, self._target.of(request, sent.url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self._target.backend or 'the backend of each URL'}>"


class Transport(_Settings, httpx.BaseTransport):
    """Sends the requests of an `httpx.Client` through backends.

    A request goes to the backend in its extension ``fastly_backend``, which counts as long as
    redirects stay on the same origin; or to that of the transport; or to the dynamic backend of its
    URL, if the app's policy allows it.

    The timeouts of httpx are options of a dynamic backend: ``connect`` is the time to connect,
    ``read`` the time to the first byte and between bytes. ``write`` and ``pool`` have no effect.
    Without a limit, the backend's own default applies. A backend that is given by name has its own
    timeouts, so any other than httpx's default of 5 seconds is refused with it.

    Args:
        backend: A backend, its name, or the configuration of a dynamic one; all requests go there,
            whatever their URL. None is the dynamic backend of each URL.
        verify: True for the public certificate authorities, or the PEM text of others.
        cert: The client certificate: a `ClientCert`, or a pair of PEM text and `Secret`.
        cache: What the platform's cache does with requests without the extension
            ``fastly_cache``; see `fastly_compute.http.Request`.
        ignore_timeout: Whether timeouts are ignored where the backend has its own.

    Raises:
        NotImplementedError: Certificates are not to be verified, or are files.
        TypeError: An argument is of the wrong type.

    Example:
        >>> import httpx
        >>> from fastly_compute.httpx import Client, Transport
        >>> client = Client(mounts={"https://api.example": Transport("api")})
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait for the head of the response.

        Args:
            request: The request.

        Returns:
            The response, whose body has not been read yet.

        Raises:
            TransportError: No response arrived; the cause is chained.
            NotImplementedError: The request has an extension that would have no effect.
            TypeError: An extension is of the wrong type.
            ValueError: A timeout is out of range, or would have no effect.
        """
        with translating(request, SENDING):
            counted = Counted(request)
            body: http.BodyLike
            if isinstance(request.stream, httpx.ByteStream):
                body = counted.whole(request.stream)
            elif isinstance(request.stream, httpx.SyncByteStream):
                body = counted.pieces(request.stream)
            else:
                raise TypeError("the body is an async iterable: use an AsyncClient")
            sent, target = self._outgoing(request, body)
            received = sent.send(target)
            return response_of(received, ResponseStream(received, request))


class AsyncTransport(_Settings, httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx.AsyncClient` through backends.

    Other tasks run while a response or a piece of its body has not arrived; many requests at once
    take as long as the slowest. Cancelling a task closes its request. It needs the event loop of a
    handler, which is that of `asyncio` there.

    Args:
        backend: As for `Transport`, like the other arguments.
        verify: As for `Transport`.
        cert: As for `Transport`.
        cache: As for `Transport`.
        ignore_timeout: As for `Transport`.

    Raises:
        NotImplementedError: Certificates are not to be verified, or are files.
        TypeError: An argument is of the wrong type.

    Example:
        >>> from fastly_compute.httpx import AsyncClient, AsyncTransport
        >>> client = AsyncClient(mounts={"https://api.example": AsyncTransport("api")})
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait for the head of the response.

        Args:
            request: The request.

        Returns:
            The response, whose body has not been read yet.

        Raises:
            TransportError: No response arrived; the cause is chained.
            NotImplementedError: The request has an extension that would have no effect.
            TypeError: An extension is of the wrong type.
            ValueError: A timeout is out of range, or would have no effect.
            RuntimeError: The event loop is not that of a handler.
        """
        with translating(request, SENDING):
            counted = Counted(request)
            if isinstance(request.stream, httpx.ByteStream):
                sent, target = self._outgoing(request, counted.whole(request.stream))
                received = await sent.send_async(target)
            elif isinstance(request.stream, httpx.AsyncByteStream):
                received = await self._streamed(request, request.stream, counted)
            else:
                raise TypeError("the body is a plain iterable: use a Client, or an async iterable")
            return response_of(received, AsyncResponseStream(received, request))

    async def _streamed(
        self, request: httpx.Request, stream: httpx.AsyncByteStream, counted: Counted
    ) -> http.Response:
        sent, target = self._outgoing(request, http.Body())
        out, pending = sent.send_streaming(target)
        try:
            async with aclosing(counted.async_pieces(stream)) as pieces:
                async for piece in pieces:
                    if not _is_accepted(out.write, piece):
                        break
                else:
                    _is_accepted(out.finish)
        except BaseException:
            pending.close()
            raise
        finally:
            out.close()
        return await pending


def _is_accepted(write: Callable[[*Ts], None], *arguments: *Ts) -> bool:
    """Write a part of a body; a backend that accepts no more has responded, or failed."""
    try:
        write(*arguments)
    except http.BodyError:
        return False
    return True
