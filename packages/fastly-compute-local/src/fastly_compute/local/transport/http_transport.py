"""Send requests to origins over the network: HTTP/1.1 over TCP or TLS, streaming both ways."""

import functools
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h11
import httpcore

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.server.downstream import BodySource
from fastly_compute.local.transport.errors import (
    BodyFailure,
    SendFailure,
    network_failure,
)
from fastly_compute.local.transport.pool import Connection, Pool, closed_error

_TARGET = re.compile(r"(?:/[\x21-\x7e]*|\*)")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_METHODS_WITH_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_STATUSES_WITHOUT_CONTENT = frozenset({204, 304})
_HEAD_TOO_LARGE = 431
# Only the wording of h11's error shows that the status line is wrong because of its status.
_BAD_STATUS = re.compile(
    r"illegal status line: bytearray\(b.HTTP/\d\.\d |.* status_code should be "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRequest:
    """A request to send.

    Attributes:
        method: The method, as sent.
        path_and_query: The path after the backend's path prefix: `/path?query`, or `*`.
        authority: The authority of the request's URI, used if the Host header is missing.
        headers: Names and values, sent unchanged and in this order.
        body: The body. With neither Content-Length nor Transfer-Encoding among the headers, bytes
            are sent with their length, and anything else in chunks. An exception from its
            iterator closes the connection and is raised unchanged.
    """

    method: str = "GET"
    path_and_query: str = "/"
    authority: str | None = None
    headers: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    body: bytes | Iterable[bytes] = field(default=b"", repr=False)


class OriginBody:
    """The body of a response, read from the connection on demand.

    Reading to the end, or closing, releases the connection.
    """

    def __init__(
        self, response: httpcore.Response, connection: Connection, pool: Pool, length: int | None
    ) -> None:
        self._response = response
        self._chunks: Iterator[bytes] = response.iter_stream()
        self._connection = connection
        self._pool = pool
        self._left = length
        self._open = True
        if length == 0:
            self._finish()

    def read_chunk(self) -> bytes:
        """Read the next bytes, waiting for them if necessary.

        Returns:
            At least one byte, or `b""` at the end and after `close`.

        Raises:
            BodyFailure: The body is truncated, malformed, or does not arrive in time.
        """
        if not self._open:
            return b""
        try:
            chunk = next(self._chunks, b"")
        except (httpcore.ReadTimeout, httpcore.ReadError, httpcore.RemoteProtocolError) as err:
            self.close()
            raise self._failure(err) from err
        if self._left is not None:
            self._left -= len(chunk)
        if not chunk or self._left == 0:
            self._finish()
        return chunk

    def close(self) -> None:
        """Release the connection: kept if the body was read to its end, else closed."""
        if self._open:
            self._open = False
            self._response.close()
            self._pool.give_back(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _finish(self) -> None:
        # After the last byte, httpcore has to see the end of the message to reuse the connection.
        try:
            next(self._chunks, b"")
        finally:
            self.close()

    def _failure(self, err: Exception) -> BodyFailure:
        if isinstance(err, httpcore.ReadTimeout):
            return BodyFailure("generic-error", "the origin sent no more of the body in time")
        if isinstance(err, httpcore.ReadError):
            return BodyFailure("generic-error", f"the connection was lost in the body: {err}")
        if self._connection.stream.ended:
            return BodyFailure("http-incomplete", f"the body was cut short: {err}")
        return BodyFailure("http-invalid", f"the body's framing is invalid: {err}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginResponse:
    """A response whose head has arrived.

    Attributes:
        status: The status code.
        headers: Names and values as received, including order, case and duplicates.
        http_version: `HTTP/1.1` or `HTTP/1.0`.
        remote_addr: IP address and port of the origin; None if the guest made the response.
        body: The body, still to be read; close it if it is not read to its end.
    """

    status: int
    headers: list[tuple[str, bytes]] = field(repr=False)
    http_version: str
    remote_addr: tuple[str, int] | None
    body: BodySource


class HTTPTransport:
    """The default transport: all connections to all backends, closed together.

    It adds only Host and body framing to a request; it does not decompress, follow redirects,
    retry, or use a proxy from the environment. Threads may share one. A request is sent
    completely before the response is read.

    Example:
        >>> with HTTPTransport() as origins:
        ...     try:
        ...         origins.send(BackendConfig(url="http://127.0.0.1:1"), OriginRequest())
        ...     except SendFailure as failure:
        ...         failure.detail
        'connection-refused'
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pools: dict[BackendConfig, Pool] = {}
        self._closed = False

    def begin(
        self, name: str, config: BackendConfig, request: OriginRequest
    ) -> Callable[[], OriginResponse]:
        """Implement `Transport`: the request is sent when the returned function is called."""
        return functools.partial(self.send, config, request)

    def send(self, backend: BackendConfig, request: OriginRequest) -> OriginResponse:
        """Send a request and wait for the head of the response.

        Args:
            backend: The backend. Equal values share connections.
            request: The request.

        Returns:
            The response; read its body to the end or close it.

        Raises:
            SendFailure: No response was received.
            RuntimeError: The transport is closed.
        """
        if backend.grpc:
            raise SendFailure(
                "http-protocol-error",
                f"{backend.url} is a gRPC backend; the local host does not support HTTP/2 to "
                "origins yet",
                error="generic-error",
            )
        message = _on_the_wire(backend, request)
        pool = self._pool(backend)
        connection = pool.take()
        try:
            connection.stream.await_head(_seconds(backend.first_byte_timeout_ms))
            response = connection.http.handle_request(message)
            connection.stream.await_body(_seconds(backend.between_bytes_timeout_ms))
            return OriginResponse(
                status=response.status,
                headers=[(name.decode("latin-1"), value) for name, value in response.headers],
                http_version=response.extensions["http_version"].decode("ascii"),
                remote_addr=connection.stream.remote_addr,
                body=OriginBody(response, connection, pool, _length(request.method, response)),
            )
        except BaseException as err:
            connection.http.close()
            pool.give_back(connection)
            failure = _send_failure(err, backend, connection)
            if failure is None:
                raise
            raise failure from err

    def close(self) -> None:
        """Close all connections, including those with responses still being read."""
        with self._lock:
            self._closed = True
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _pool(self, backend: BackendConfig) -> Pool:
        with self._lock:
            if self._closed:
                raise closed_error()
            return self._pools.setdefault(backend, Pool(backend))


def _on_the_wire(backend: BackendConfig, request: OriginRequest) -> httpcore.Request:
    if not _TARGET.fullmatch(request.path_and_query):
        raise SendFailure(
            "http-request-uri-invalid",
            f"the path {request.path_and_query!r} must begin with / and be visible ASCII",
        )
    names = {name.lower() for name, _ in request.headers}
    if names >= _FRAMING:
        raise _bad_request(backend, "Content-Length and Transfer-Encoding exclude each other")
    try:
        return httpcore.Request(
            request.method,
            httpcore.URL(
                scheme="https" if backend.use_tls else "http",
                host=backend.host,
                port=backend.port,
                target=backend.path_prefix + request.path_and_query
                if request.path_and_query != "*"
                else "*",
            ),
            headers=[*_added_headers(backend, request), *_kept_headers(backend, request)],
            content=request.body,
        )
    except TypeError as err:
        raise _bad_request(backend, err) from err


def _kept_headers(backend: BackendConfig, request: OriginRequest) -> list[tuple[str, bytes]]:
    if backend.override_host is None:
        return list(request.headers)
    return [item for item in request.headers if item[0].lower() != "host"]


def _added_headers(backend: BackendConfig, request: OriginRequest) -> list[tuple[str, bytes]]:
    names = {name.lower() for name, _ in request.headers}
    added = []
    if backend.override_host is not None:
        added.append(("Host", backend.override_host.encode()))
    elif "host" not in names:
        authority = request.authority or backend.authority
        added.append(("Host", authority.encode()))
    if names.isdisjoint(_FRAMING):
        if not isinstance(request.body, bytes):
            added.append(("Transfer-Encoding", b"chunked"))
        elif request.body or request.method in _METHODS_WITH_CONTENT:
            added.append(("Content-Length", b"%d" % len(request.body)))
    return added


def _length(method: str, response: httpcore.Response) -> int | None:
    """Return the length of a body, if the head determines it (RFC 9112, 6.3)."""
    if method == "HEAD" or response.status in _STATUSES_WITHOUT_CONTENT:
        return 0
    headers = {name.lower(): value for name, value in response.headers}
    if b"transfer-encoding" in headers or b"content-length" not in headers:
        return None
    return int(headers[b"content-length"])


def _send_failure(
    err: BaseException, backend: BackendConfig, connection: Connection
) -> SendFailure | None:
    match err:
        case httpcore.ReadTimeout() | httpcore.WriteTimeout():
            limit = f"{backend.first_byte_timeout_ms} ms"
            return SendFailure(
                "http-response-timeout", f"no response from {backend.url} within {limit}"
            )
        case httpcore.ReadError(args=(OSError() as cause, *_)):
            return network_failure(cause, f"waiting for the response from {backend.url}")
        case httpcore.RemoteProtocolError():
            return _bad_head(err, backend, connection)
        case httpcore.LocalProtocolError() | h11.LocalProtocolError():
            return _bad_request(backend, err)
    return None


def _bad_head(
    err: httpcore.RemoteProtocolError, backend: BackendConfig, connection: Connection
) -> SendFailure:
    if connection.stream.ended:
        return SendFailure(
            "http-incomplete-response",
            f"{backend.url} closed the connection before the end of the response's head",
        )
    cause = err.args[0] if err.args else None
    if getattr(cause, "error_status_hint", None) == _HEAD_TOO_LARGE:
        return SendFailure(
            "http-response-header-section-too-large",
            f"the head of the response from {backend.url} is larger than 100 KiB",
        )
    if _BAD_STATUS.match(str(err)):
        message = f"the response from {backend.url} has no valid status: {err}"
        return SendFailure("http-response-status-invalid", message)
    return SendFailure("http-protocol-error", f"the response from {backend.url} is not HTTP: {err}")


def _bad_request(backend: BackendConfig, reason: Exception | str) -> SendFailure:
    message = f"the request to {backend.url} cannot be sent: {reason}"
    return SendFailure("http-protocol-error", message, error="http-user")


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / 1000 if milliseconds else None
