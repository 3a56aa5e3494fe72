"""The connections to one backend: reused if the backend allows it, within its limits."""

import threading
import time
from dataclasses import dataclass
from functools import cached_property
from ssl import SSLContext

import httpcore

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport.errors import SendFailure
from fastly_compute.local.transport.stream import Stream, connect
from fastly_compute.local.transport.tls import tls_context


@dataclass(eq=False, slots=True)
class Connection:
    """One connection: HTTP/1.1 on a stream."""

    http: httpcore.HTTP11Connection
    stream: Stream
    opened: float
    uses: int = 0


class Pool:
    """Manages the connections of one backend; thread-safe."""

    def __init__(self, backend: BackendConfig) -> None:
        self._backend = backend
        # The garbage collector may close a body, and so return a connection, at any point.
        self._lock = threading.RLock()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening = 0
        self._closed = False

    def take(self) -> Connection:
        """Get an idle connection or open one. Return it with `give_back`.

        Raises:
            SendFailure: The limit is reached and none is idle, or a new one cannot be opened.
        """
        backend = self._backend
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if self._is_fit(connection):
                    connection.uses += 1
                    return connection
                self._drop(connection)
            if backend.max_connections and self._count() >= backend.max_connections:
                raise SendFailure(
                    "connection-limit-reached",
                    f"all {backend.max_connections} connections allowed to {backend.url} are in "
                    "use; read or close the responses that hold them",
                )
            self._opening += 1
        try:
            opened = self._connect()
        except BaseException:
            with self._lock:
                self._opening -= 1
            raise
        with self._lock:
            self._opening -= 1
            self._open.add(opened)
            if not self._closed:
                return opened
            self._drop(opened)
        raise closed_error()

    def give_back(self, connection: Connection) -> None:
        """Take a connection back after its exchange, complete or aborted."""
        with self._lock:
            if self._backend.pooling and not self._closed and self._is_fit(connection):
                self._idle.append(connection)
            else:
                self._drop(connection)

    def close(self) -> None:
        """Close every connection, including those in use."""
        with self._lock:
            self._closed = True
            self._idle.clear()
            for connection in list(self._open):
                self._drop(connection)

    def _count(self) -> int:
        return len(self._open) + self._opening

    def _connect(self) -> Connection:
        backend = self._backend
        stream = connect(backend, self._tls_context if backend.use_tls else None)
        origin = httpcore.Origin(
            b"https" if backend.use_tls else b"http", backend.host.encode(), backend.port
        )
        keepalive = backend.http_keepalive_time_ms
        http = httpcore.HTTP11Connection(
            origin, stream, keepalive_expiry=keepalive / 1000 if keepalive else None
        )
        return Connection(http, stream, opened=time.monotonic(), uses=1)

    @cached_property
    def _tls_context(self) -> SSLContext:
        return tls_context(self._backend)

    def _is_fit(self, connection: Connection) -> bool:
        backend, http = self._backend, connection.http
        age = (time.monotonic() - connection.opened) * 1000
        return (
            http.is_idle()
            and not http.has_expired()
            and not (backend.max_use and connection.uses >= backend.max_use)
            and not (backend.max_lifetime_ms and age >= backend.max_lifetime_ms)
        )

    def _drop(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.http.close()


def closed_error() -> RuntimeError:
    """Make the error for using a closed transport."""
    return RuntimeError("the transport is closed; it cannot send any more requests")
